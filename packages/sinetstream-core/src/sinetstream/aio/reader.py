"""Reading in asyncio."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from math import inf
from time import time
from types import TracebackType
from typing import Any, Generic, Self

from sinetstream.aio.blocking import in_thread
from sinetstream.clock import microseconds
from sinetstream.errors import BusyError, InvalidMessageError, SinetError
from sinetstream.inbound import Inbound, Sizes
from sinetstream.message import Message
from sinetstream.reading import ReaderEndpoint
from sinetstream.resolve import pull_reader
from sinetstream.session import Session, Source
from sinetstream.spi.abilities import Ability
from sinetstream.spi.feed import Feed
from sinetstream.spi.iteration import Item
from sinetstream.values import T

__all__ = ["MessageReader"]

_WINDOW = 64
_SHORTEST_WAIT_MS = 50
_NOTHING = object()


class _Arrived(Generic[T]):
    """What one message became, kept until its turn comes: counted, and refused where it is none, only then."""

    def __init__(self, item: Item, outcome: Message[T] | SinetError, sizes: tuple[int, int, int]) -> None:
        self.item = item
        self.outcome = outcome
        self.sizes = sizes


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
        self._session = Session("reader", source, pull_reader, own_thread=True)
        self._sizes = Sizes()
        self._inbound: Inbound[T] = Inbound(self._session, self._sizes)
        self._ahead = Ability.ACKNOWLEDGE in self._session.abilities
        self._feed: Feed  # there is one while there is a plugin
        self._plugin: Any = None
        self._reset()

    def _reset(self) -> None:
        self._arrived: deque[_Arrived[T] | Exception] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._asked = self._reading = self._decoding = self._looping = False
        self._in_hand: Any = _NOTHING
        self._handed_out = 0

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
            self._looping = False
        await self._close(finished=kind is None)

    def __aiter__(self) -> Self:
        self._session.plugin()
        self._looping = True
        return self

    async def __anext__(self) -> Message[T]:
        if self._reading:
            raise BusyError("another task is reading from this reader: one task iterates")
        if self._plugin is None:
            raise self._closed()
        self._reading = True
        self._task = asyncio.current_task()
        try:
            while True:
                self._finish()
                arrived = await self._next_arrived()
                if isinstance(arrived, Exception):
                    self._session.meter.error()
                    raise arrived
                self._hand_out(arrived.item[2])
                if isinstance(arrived.outcome, Message):
                    self._session.meter.message(*arrived.sizes, time())
                    return arrived.outcome
                self._session.meter.error()
                if not isinstance(arrived.outcome, InvalidMessageError):
                    raise arrived.outcome
                self._inbound.refused(arrived.outcome, *arrived.item)
        finally:
            self._reading = False

    async def seek_to_beginning(self) -> None:
        """As `sinetstream.MessageReader.seek_to_beginning`."""
        await self._seek_in_thread(Ability.SEEK, "seek_to_beginning")

    async def seek_to_end(self) -> None:
        """As `sinetstream.MessageReader.seek_to_end`."""
        await self._seek_in_thread(Ability.SEEK, "seek_to_end")

    async def seek_to_time(self, timestamp: float) -> None:
        """As `sinetstream.MessageReader.seek_to_time`."""
        await self._seek_in_thread(Ability.SEEK_TIME, "seek_to_time", microseconds(timestamp))

    async def _seek_in_thread(self, ability: Ability, method: str, *args: Any) -> None:
        self._session.require(ability, method)
        self._finish()
        before = list(self._arrived)
        self._forget()  # now, since what arrives meanwhile may be from the new position
        try:
            await in_thread(lambda: self._seek(ability, method, *args))
        except BaseException:
            self._arrived.extendleft(reversed(before))
            raise
        finally:
            self._go_on()

    def _opened(self, plugin: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._reset()
        self._loop = loop
        self._inbound.opened(plugin)
        self._feed = Feed(
            plugin,
            on_item=self._receive,
            on_error=self._failed,
            on_end=self._session.released,
            wakes=self._session.declares_abilities,
        )
        if self._ahead:
            self._feed.allow(_WINDOW)
        self._plugin = plugin
        self._feed.start()

    def _join(self) -> Any:
        return self._session.plugin()

    def _forget(self) -> None:
        """What was received ahead, and take nothing more ahead until `_go_on`."""
        self._in_hand = _NOTHING
        if self._ahead:
            self._feed.hold()
        elif self._arrived:
            self._asked = False
        self._arrived.clear()

    def _go_on(self) -> None:
        if self._ahead:
            self._feed.allow(_WINDOW - sum(not isinstance(arrived, Exception) for arrived in self._arrived))

    def _finish(self) -> None:
        if self._in_hand is not _NOTHING:
            finished, self._in_hand = self._in_hand, _NOTHING
            self._acknowledge(finished)

    def _acknowledge(self, raw: Any) -> None:
        plugin = self._plugin
        if plugin is None:  # closed meanwhile: it has the message back
            return
        try:
            plugin.acknowledge(raw)
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            raise self._session.translated(error)  # noqa: B904  it has its cause

    def _hand_out(self, raw: Any) -> None:
        if self._inbound.on_receipt:
            self._acknowledge(raw)
        elif self._inbound.when_finished:
            self._in_hand = raw

    async def _next_arrived(self) -> _Arrived[T] | Exception:
        self._handed_out += 1
        if self._handed_out % _WINDOW == 0:
            await asyncio.sleep(0)  # a fast sender must not keep other tasks waiting
        if not self._arrived:
            await self._wait()
        arrived = self._arrived.popleft()
        if not isinstance(arrived, Exception):
            self._taken()
        return arrived

    def _taken(self) -> None:
        self._asked = False
        if self._ahead:
            self._feed.allow(1)

    async def _wait(self) -> None:
        if not (self._ahead or self._asked):
            self._asked = True
            self._feed.allow(1)
        timeout_ms = self.receive_timeout_ms
        deadline = self._loop.time() + max(timeout_ms, _SHORTEST_WAIT_MS) / 1000
        try:
            while True:  # woken late, for a message that was taken already, it waits again
                self._waiter = self._loop.create_future()
                if self._plugin is None:
                    raise self._closed()
                if self._arrived:  # the feed looks for a waiter after it has added a message
                    return
                await asyncio.wait((self._waiter,), timeout=None if timeout_ms == inf else deadline - self._loop.time())
                if self._decoding:  # the message has come in time; a key may take longer to derive
                    await self._waiter
                elif not (self._arrived or self._waiter.done()):
                    self._looping = False
                    raise StopAsyncIteration
        finally:
            self._waiter = None

    def _closed(self) -> Exception:
        """A loop that was running when the reader was closed ends; anybody else is told."""
        if self._looping:
            self._looping = False
            return StopAsyncIteration()
        return self._session.not_open()

    def _receive(self, payload: bytes, topic: str | None, raw: Any) -> None:
        self._decoding = True
        try:
            message = self._inbound.message(payload, topic, raw)
            # The payload is wanted again only where it is no message.
            self._arrive(_Arrived((b"", topic, raw), message, self._sizes.last))
        except BaseException as error:  # noqa: BLE001  one message's SystemExit must not end the feed of all
            self._arrive(_Arrived((payload, topic, raw), self._ours(error), (0, 0, 0)))
        finally:
            self._decoding = False

    def _ours(self, error: BaseException) -> SinetError:
        if isinstance(error, Exception):
            return self._session.translated(error)
        ended = SinetError(f"{type(error).__name__} ended the decoding of a message")
        ended.__cause__ = error
        return ended

    def _failed(self, error: Exception) -> None:
        self._arrive(self._session.translated(error))

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

    async def _close(self, *, finished: bool) -> None:
        try:
            if finished and self._task is asyncio.current_task():
                self._finish()
        finally:
            await in_thread(self._stop)

    def _stop(self, only: Any = None) -> None:
        if self._session.take(only) is None:
            self._session.wait_released()
            return
        self._plugin = None
        self._wake_soon()
        try:
            self._feed.stop()
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            raise self._session.translated(error)  # noqa: B904  it has its cause
