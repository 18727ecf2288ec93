"""What arrives, from the thread that iterates the plugin to the task that asks for it."""

from __future__ import annotations

import asyncio
from collections import deque
from math import inf
from typing import Any, Generic

from sinetstream.errors import SinetError
from sinetstream.message import Message
from sinetstream.message_decoder import MessageDecoder, Sizes
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability
from sinetstream.spi.iteration import Item
from sinetstream.spi.reader_thread import ReaderThread
from sinetstream.values import T

__all__ = ["Arrivals"]

_WINDOW = 64
_SHORTEST_WAIT_MS = 50


class _Arrived(Generic[T]):
    """What one message became, kept until its turn comes: counted, and refused where it is none, only then."""

    def __init__(self, item: Item, outcome: Message[T] | SinetError, sizes: tuple[int, int, int]) -> None:
        self.item = item
        self.outcome = outcome
        self.sizes = sizes


class Arrivals(Generic[T]):
    """One thread brings, one task asks and waits; `plugin` is None while the reader is closed.

    `looping` says that the task loops: its loop ends when the reader is closed.
    """

    def __init__(self, session: Session, decoder: MessageDecoder[T], sizes: Sizes) -> None:
        self._session = session
        self._decoder = decoder
        self._sizes = sizes
        self._ahead = Ability.ACKNOWLEDGE in session.abilities
        self._reader_thread: ReaderThread  # there is one while there is a plugin
        self.plugin: Any = None
        self._reset()

    def _reset(self) -> None:
        self._arrived: deque[_Arrived[T] | Exception] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._asked = self._decoding = self.looping = False
        self._handed_out = 0

    def opened(self, plugin: Any, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to receive from this plugin."""
        self._reset()
        self._loop = loop
        self._decoder.opened(plugin)
        self._reader_thread = ReaderThread(
            plugin,
            on_item=self._receive,
            on_error=self._failed,
            on_end=self._session.closed,
            closable_while_reading=self._session.declares_abilities,
        )
        if self._ahead:
            self._reader_thread.request(_WINDOW)
        self.plugin = plugin
        self._reader_thread.start()

    def stop(self) -> None:
        """Wake who waits, and close the plugin; it is the one that `Session.take` gave."""
        self.plugin = None
        self._wake_soon()
        with self._session.translating():
            self._reader_thread.stop()

    def closed(self) -> Exception:
        """A loop that was running when the reader was closed ends; anybody else is told."""
        if self.looping:
            self.looping = False
            return StopAsyncIteration()
        return self._session.not_open()

    async def next(self) -> _Arrived[T] | Exception:
        """What arrived next. Raises `StopAsyncIteration` when nothing does in time, and what `closed` says."""
        self._handed_out += 1
        if self._handed_out % _WINDOW == 0:
            await asyncio.sleep(0)  # a fast sender must not keep other tasks waiting
        if not self._arrived:
            await self._wait()
        arrived = self._arrived.popleft()
        if not isinstance(arrived, Exception):
            self._taken()
        return arrived

    def forget(self) -> list[_Arrived[T] | Exception]:
        """Drop what was received ahead, and take nothing more ahead until `go_on`. Returns what was dropped."""
        before = list(self._arrived)
        if self._ahead:
            self._reader_thread.pause()
        elif self._arrived:
            self._asked = False
        self._arrived.clear()
        return before

    def put_back(self, before: list[_Arrived[T] | Exception]) -> None:
        """What `forget` dropped comes next after all."""
        self._arrived.extendleft(reversed(before))

    def go_on(self) -> None:
        """Receive ahead again."""
        if self._ahead:
            self._reader_thread.request(_WINDOW - sum(not isinstance(arrived, Exception) for arrived in self._arrived))

    def _taken(self) -> None:
        self._asked = False
        if self._ahead:
            self._reader_thread.request(1)

    async def _wait(self) -> None:
        if not (self._ahead or self._asked):
            self._asked = True
            self._reader_thread.request(1)
        timeout_ms = self._session.settings.receive_timeout_ms
        deadline = self._loop.time() + max(timeout_ms, _SHORTEST_WAIT_MS) / 1000
        try:
            while True:  # woken late, for a message that was taken already, it waits again
                self._waiter = self._loop.create_future()
                if self.plugin is None:
                    raise self.closed()
                if self._arrived:  # the feed looks for a waiter after it has added a message
                    return
                await asyncio.wait((self._waiter,), timeout=None if timeout_ms == inf else deadline - self._loop.time())
                if self._decoding:  # the message has come in time; a key may take longer to derive
                    await self._waiter
                elif not (self._arrived or self._waiter.done()):
                    self.looping = False
                    raise StopAsyncIteration
        finally:
            self._waiter = None

    def _receive(self, payload: bytes, topic: str | None, raw: Any) -> None:
        self._decoding = True
        try:
            message = self._decoder.decode(payload, topic, raw)
            # The payload is wanted again only where it is no message.
            self._arrive(_Arrived((b"", topic, raw), message, self._sizes.last))
        except BaseException as error:  # noqa: BLE001  one message's SystemExit must not end the feed of all
            self._arrive(_Arrived((payload, topic, raw), self._ours(error), (0, 0, 0)))
        finally:
            self._decoding = False

    def _ours(self, error: BaseException) -> SinetError:
        if isinstance(error, Exception):
            return self._session.translate(error)
        ended = SinetError(f"{type(error).__name__} ended the decoding of a message")
        ended.__cause__ = error
        return ended

    def _failed(self, error: Exception) -> None:
        self._arrive(self._session.translate(error))

    def _arrive(self, arrived: _Arrived[T] | Exception) -> None:
        self._arrived.append(arrived)
        self._wake_soon()

    def _wake_soon(self) -> None:
        if self._waiter is not None:
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop has been closed: nobody waits any more
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
