"""Reading in asyncio."""

from __future__ import annotations

import asyncio
from time import time
from types import TracebackType
from typing import Any, Generic, Self

from sinetstream.ack_policy import AckPolicy, choose_ack_policy
from sinetstream.aio.receive_queue import Received, ReceiveQueue
from sinetstream.aio.threads import in_thread, shielded_in_thread
from sinetstream.clock import microseconds
from sinetstream.errors import BusyError, InvalidMessageError
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder, Sizes
from sinetstream.plugin_selection import iterating_reader
from sinetstream.reader_base import ReaderEndpoint
from sinetstream.spi.abilities import Ability
from sinetstream.spi.iteration import Item
from sinetstream.transaction import Participant
from sinetstream.values import T

__all__ = ["MessageReader"]


class MessageReader(ReaderEndpoint, Generic[T]):
    """`sinetstream.MessageReader` for asyncio: `async for` ends after `receive_timeout_ms` without a message.

    One task iterates; a second one gets `BusyError`. A message is finished when the next is asked for, or when that task
    closes the reader; not when an exception (cancellation is one) leaves the `async with` block. A cancelled `anext`
    hands its message to the next call, and so does one that raised `MemoryError`. At most 64 messages are received ahead, none where the plugin does not
    declare ACKNOWLEDGE: what was received ahead would be lost in `close`. Never blocks the event loop.
    """

    _plugin_class = staticmethod(iterating_reader)
    _own_thread = True

    def _set_up(self) -> None:
        sizes = Sizes()
        self._decoder: MessageDecoder[T] = MessageDecoder(self._session, sizes)
        self._queue = ReceiveQueue(self._session, self._decoder, sizes)
        self._ack_policy = choose_ack_policy(self._session)
        self._ack: AckPolicy  # there is one while there is a plugin
        self._participant = Participant(self._session.plugin, self._acknowledge, self._forget, self._queue.resume)
        self._reset()

    def _reset(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._reading = False
        self._undecoded: Item | None = None  # a message for which memory was short; it is next

    async def open(self) -> Self:
        """Connect; returns when the broker has accepted the subscription. Raises as `sinetstream.MessageReader.open`."""
        loop = asyncio.get_running_loop()
        await in_thread(lambda: self._open_session(lambda plugin: self._start(plugin, loop)), self._stop)
        return self

    async def close(self) -> None:
        """Disconnect; a loop that runs in another task ends. Idempotent; it can be opened again."""
        await self._close(processed=True)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._task is asyncio.current_task():
            self._queue.looping = False
        await self._close(processed=kind is None)

    def __aiter__(self) -> Self:
        self._session.plugin()
        self._queue.looping = True
        return self

    async def __anext__(self) -> Message[T]:
        if self._reading:
            raise BusyError("another task is reading from this reader: one task iterates")
        if self._queue.plugin is None:
            raise self._queue.closed_error()
        self._reading = True
        self._task = asyncio.current_task()
        try:
            while True:
                self._acknowledge()
                received = await (self._queue.get() if self._undecoded is None else self._decode_again(self._undecoded))
                if isinstance(received, Exception):
                    self._session.meter.record_error()
                    raise received
                if isinstance(received.decoded, MemoryError):
                    self._undecoded = received.item
                    raise received.decoded
                with self._session.translating():
                    self._ack.received(received.item[2])
                if isinstance(received.decoded, Message):
                    self._session.meter.record_message(*received.sizes, time())
                    return received.decoded
                self._session.meter.record_error()
                if not isinstance(received.decoded, InvalidMessageError):
                    raise received.decoded
                self._decoder.handle_invalid(received.decoded, *received.item)
        finally:
            self._reading = False

    async def seek_to_beginning(self) -> None:
        """As `sinetstream.MessageReader.seek_to_beginning`.

        Cancelled, it waits for the end of the seek before it raises `CancelledError`; so do the other two.
        """
        await self._seek_in_thread(Ability.SEEK, "seek_to_beginning")

    async def seek_to_end(self) -> None:
        """As `sinetstream.MessageReader.seek_to_end`."""
        await self._seek_in_thread(Ability.SEEK, "seek_to_end")

    async def seek_to_time(self, timestamp: float) -> None:
        """As `sinetstream.MessageReader.seek_to_time`."""
        await self._seek_in_thread(Ability.SEEK_TIME, "seek_to_time", microseconds(timestamp))

    async def _decode_again(self, item: Item) -> Received[T]:
        received: Received[T] = await in_thread(lambda: self._queue.decode(item))
        self._undecoded = None
        return received

    async def _seek_in_thread(self, ability: Ability, method: str, *args: Any) -> None:
        self._session.require(ability, method)
        self._session.plugin()
        self._acknowledge()
        undecoded, self._undecoded = self._undecoded, None
        dropped = self._queue.drop()  # now: what is received during the seek may be from the new position
        ended = await shielded_in_thread(lambda: self._seek(ability, method, *args))
        if ended.failed is not None:
            self._queue.put_back(dropped)
            self._undecoded = undecoded
        self._queue.resume()
        ended.check()

    def _forked(self) -> None:
        super()._forked()
        self._queue.forked()
        self._reset()

    def _start(self, plugin: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._reset()
        self._ack = self._ack_policy(plugin)
        self._queue.start(plugin, loop)
        self._session.watch(self, plugin, self._queue.close)

    def _forget(self) -> None:
        self._ack.forget()
        self._undecoded = None
        self._queue.drop()

    def _acknowledge(self) -> None:
        if self._queue.plugin is not None:  # else it was closed meanwhile, and has taken the message back
            with self._session.translating():
                self._ack.processed()

    async def _close(self, *, processed: bool) -> None:
        try:
            if processed and self._task is asyncio.current_task():
                self._acknowledge()
        finally:
            await in_thread(self._stop)

    def _stop(self, only: Any = None) -> None:
        if self._session.begin_close(only) is None:
            self._session.wait_until_closed()
            return
        self._queue.stop()
