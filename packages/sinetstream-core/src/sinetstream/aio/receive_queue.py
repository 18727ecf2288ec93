"""The messages received and not handed out yet, from the thread that reads to the task that asks for them."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from threading import Lock
from typing import Any, Generic, NamedTuple

from sinetstream.errors import SinetError
from sinetstream.forks import keep
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder, Sizes
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.iteration import Item
from sinetstream.spi.reader_thread import ReaderThread
from sinetstream.values import T

__all__ = ["ReceiveQueue", "Received"]

_WINDOW = 64
_SHORTEST_WAIT_MS = 50


class Received(NamedTuple, Generic[T]):
    """One message, decoded by the reader thread; counted, and its error raised, when it is handed out.

    A `MemoryError` in place of the message says that it is to be decoded again.
    """

    item: Item
    decoded: Message[T] | SinetError | MemoryError
    sizes: tuple[int, int, int]


class ReceiveQueue(Generic[T]):
    """One thread adds, one task takes and waits; `plugin` is None while the reader is closed.

    `looping` says that the task runs an `async for`, which ends when the reader is closed.
    """

    def __init__(self, session: Session, decoder: MessageDecoder[T], sizes: Sizes) -> None:
        self._session = session
        self._decoder = decoder
        self._sizes = sizes
        self._reads_ahead = Ability.ACKNOWLEDGE in session.abilities
        self._reader_thread: ReaderThread  # there is one while there is a plugin
        self._decoding = Lock()  # `_sizes` is that of one message at a time
        self.plugin: Any = None
        self._reset()

    def _reset(self) -> None:
        self._received: deque[Received[T] | Exception] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._has_requested = self._is_decoding = self.looping = False
        self._handed_out = 0

    def start(self, plugin: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to receive from this plugin."""
        self._reset()
        self._loop = loop
        self._decoder.start(plugin)
        self._reader_thread = ReaderThread(
            plugin,
            on_item=self._receive,
            on_error=lambda error: self._add(self._session.translate(error)),
            on_end=self._session.closed,
            closable_while_reading=self._session.declares_abilities,
        )
        if self._reads_ahead:
            self._reader_thread.request(_WINDOW)
        self.plugin = plugin
        self._reader_thread.start()

    def stop(self) -> None:
        """Wake the task that waits, and close the plugin, which `Session.begin_close` returned."""
        self.plugin = None
        self._wake_soon()
        with self._session.translating():
            self._reader_thread.stop()

    def close(self, _: Deadline) -> int:
        """As `stop`, for `Session.watch`."""
        self.stop()
        return 0

    def forked(self) -> None:
        """In a forked child: it is closed here, and nothing is done to the plugin that the parent has open."""
        keep(self)
        self.plugin = None
        self._reset()

    def closed_error(self) -> Exception:
        """A loop that was running when the reader was closed ends; any other call raises `NotOpenError`."""
        if self.looping:
            self.looping = False
            return StopAsyncIteration()
        return self._session.not_open_error()

    async def get(self) -> Received[T] | Exception:
        """Take the next one. Raises `StopAsyncIteration` when none comes in time, and `closed_error` when closed."""
        self._handed_out += 1
        if self._handed_out % _WINDOW == 0:
            await asyncio.sleep(0)  # a fast sender must not keep other tasks waiting
        if not self._received:
            await self._wait()
        received = self._received.popleft()
        if not isinstance(received, Exception):
            self._has_requested = False
            if self._reads_ahead:
                self._reader_thread.request(1)
        return received

    def drop(self) -> list[Received[T] | Exception]:
        """Empty the queue and stop reading ahead until `resume`. Returns what was dropped."""
        dropped = list(self._received)
        if self._reads_ahead:
            self._reader_thread.pause()
        elif self._received:
            self._has_requested = False
        self._received.clear()
        return dropped

    def put_back(self, dropped: list[Received[T] | Exception]) -> None:
        """Put at the head what `drop` returned."""
        self._received.extendleft(reversed(dropped))

    def resume(self) -> None:
        """Read ahead again."""
        if self._reads_ahead:
            waiting = sum(not isinstance(received, Exception) for received in self._received)
            self._reader_thread.request(_WINDOW - waiting)

    async def _wait(self) -> None:
        if not (self._reads_ahead or self._has_requested):
            self._has_requested = True
            self._reader_thread.request(1)
        timeout_ms = self._session.settings.receive_timeout_ms
        deadline = self._loop.time() + max(timeout_ms, _SHORTEST_WAIT_MS) / 1000
        try:
            while True:  # a wake-up may come late, for a message that was taken already
                self._waiter = self._loop.create_future()
                if self.plugin is None:
                    raise self.closed_error()
                if self._received:  # the reader thread looks for a waiter after it has added a message
                    return
                await asyncio.wait((self._waiter,), timeout=None if timeout_ms == inf else deadline - self._loop.time())
                if self._is_decoding:  # the message has come in time; its decoding may derive a key
                    await self._waiter
                elif not (self._received or self._waiter.done()):
                    self.looping = False
                    raise StopAsyncIteration
        finally:
            self._waiter = None

    def decode(self, item: Item) -> Received[T]:
        """Decode one message; called in the reader thread or, for a message that was not decoded, in another."""
        payload, topic, raw = item
        with self._decoding:
            try:
                message = self._decoder.decode(payload, topic, raw)
            except MemoryError as error:
                return Received(item, error, (0, 0, 0))
            except BaseException as error:  # noqa: BLE001  the reader thread must survive one message's SystemExit
                return Received(item, self._as_sinet_error(error), (0, 0, 0))
            # The payload is needed again only where it is not a message.
            return Received((b"", topic, raw), message, self._sizes.last)

    def _receive(self, payload: bytes, topic: str | None, raw: Any) -> None:
        self._is_decoding = True
        try:
            self._add(self.decode((payload, topic, raw)))
        finally:
            self._is_decoding = False

    def _as_sinet_error(self, error: BaseException) -> SinetError:
        if isinstance(error, Exception):
            return self._session.translate(error)
        ended = SinetError(f"{type(error).__name__} ended the decoding of a message")
        ended.__cause__ = error
        return ended

    def _add(self, received: Received[T] | Exception) -> None:
        self._received.append(received)
        self._wake_soon()

    def _wake_soon(self) -> None:
        if self._waiter is not None:
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop has been closed: no task waits any more
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
