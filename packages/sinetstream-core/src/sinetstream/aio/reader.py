"""Reading in asyncio."""

from __future__ import annotations

import asyncio
import os
from time import time
from types import TracebackType
from typing import Any, Generic, Self

from sinetstream.aio.receive_queue import Arrivals
from sinetstream.aio.threads import in_thread, shielded_in_thread
from sinetstream.clock import microseconds
from sinetstream.errors import BusyError, InvalidMessageError
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder, Sizes
from sinetstream.plugin_selection import iterating_reader
from sinetstream.reader_base import ReaderEndpoint
from sinetstream.session import Session, Source
from sinetstream.spi.abilities import Ability
from sinetstream.transaction import Participant
from sinetstream.values import T

__all__ = ["MessageReader"]

_NOTHING = object()


class MessageReader(ReaderEndpoint, Generic[T]):
    """`sinetstream.MessageReader` for asyncio: `async for` ends after `receive_timeout_ms` without a message.

    One task iterates; a second one gets `BusyError`. A message is finished when the next is asked for, or when that task
    closes the reader; not when an exception (cancellation is one) leaves the `async with` block. A cancelled `anext`
    hands its message to the next call. What is received ahead is bounded: 64 messages where the plugin takes back what
    nobody finished, none where it does not. Never blocks the event loop.
    """

    def __init__(
        self,
        service: str | None = None,
        topics: str | list[str] | None = None,
        config: str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        source = Source(service, topics, config, config_file, kwargs)
        self._session = Session("reader", source, iterating_reader, own_thread=True)
        sizes = Sizes()
        self._decoder: MessageDecoder[T] = MessageDecoder(self._session, sizes)
        self._arrivals = Arrivals(self._session, self._decoder, sizes)
        self._participant = Participant(self._session.plugin, self._finish, self._forget, self._arrivals.go_on)
        self._reset()

    def _reset(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._reading = False
        self._in_hand: Any = _NOTHING

    async def open(self) -> Self:
        """Connect; returns when the broker has accepted the subscription. Raises as `sinetstream.MessageReader.open`."""
        loop = asyncio.get_running_loop()
        await in_thread(lambda: self._session.open(lambda plugin: self._opened(plugin, loop)), self._stop)
        return self

    async def close(self) -> None:
        """Disconnect; a loop that runs in another task ends. Idempotent; it can be opened again."""
        await self._close(finished=True)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._task is asyncio.current_task():
            self._arrivals.looping = False
        await self._close(finished=kind is None)

    def __aiter__(self) -> Self:
        self._session.plugin()
        self._arrivals.looping = True
        return self

    async def __anext__(self) -> Message[T]:
        if self._reading:
            raise BusyError("another task is reading from this reader: one task iterates")
        if self._arrivals.plugin is None:
            raise self._arrivals.closed()
        self._reading = True
        self._task = asyncio.current_task()
        try:
            while True:
                self._finish()
                arrived = await self._arrivals.next()
                if isinstance(arrived, Exception):
                    self._session.meter.record_error()
                    raise arrived
                self._hand_out(arrived.item[2])
                if isinstance(arrived.outcome, Message):
                    self._session.meter.record_message(*arrived.sizes, time())
                    return arrived.outcome
                self._session.meter.record_error()
                if not isinstance(arrived.outcome, InvalidMessageError):
                    raise arrived.outcome
                self._decoder.handle_invalid(arrived.outcome, *arrived.item)
        finally:
            self._reading = False

    async def seek_to_beginning(self) -> None:
        """As `sinetstream.MessageReader.seek_to_beginning`. Cancelled, it finds out first whether it has moved; so do the others."""
        await self._seek_in_thread(Ability.SEEK, "seek_to_beginning")

    async def seek_to_end(self) -> None:
        """As `sinetstream.MessageReader.seek_to_end`."""
        await self._seek_in_thread(Ability.SEEK, "seek_to_end")

    async def seek_to_time(self, timestamp: float) -> None:
        """As `sinetstream.MessageReader.seek_to_time`."""
        await self._seek_in_thread(Ability.SEEK_TIME, "seek_to_time", microseconds(timestamp))

    async def _seek_in_thread(self, ability: Ability, method: str, *args: Any) -> None:
        self._session.require(ability, method)
        self._session.plugin()
        self._finish()
        before = self._arrivals.forget()  # now, since what arrives meanwhile may be from the new position
        ended = await shielded_in_thread(lambda: self._seek(ability, method, *args))
        if ended.failed is not None:
            self._arrivals.put_back(before)
        self._arrivals.go_on()
        ended.check()

    def _opened(self, plugin: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._reset()
        self._arrivals.opened(plugin, loop)

    def _forget(self) -> None:
        self._in_hand = _NOTHING
        self._arrivals.forget()

    def _finish(self) -> None:
        if self._in_hand is not _NOTHING:
            finished, self._in_hand = self._in_hand, _NOTHING
            self._acknowledge(finished)

    def _acknowledge(self, raw: Any) -> None:
        plugin = self._arrivals.plugin
        if plugin is None:  # closed meanwhile: it has the message back
            return
        with self._session.translating():
            plugin.acknowledge(raw)

    def _hand_out(self, raw: Any) -> None:
        if self._decoder.ack_on_receipt:
            self._acknowledge(raw)
        elif self._decoder.ack_after_processing:
            self._in_hand = raw

    async def _close(self, *, finished: bool) -> None:
        try:
            if finished and self._task is asyncio.current_task():
                self._finish()
        finally:
            await in_thread(self._stop)

    def _stop(self, only: Any = None) -> None:
        if self._session.begin_close(only) is None:
            self._session.wait_until_closed()
            return
        self._arrivals.stop()
