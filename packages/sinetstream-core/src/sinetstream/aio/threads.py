"""Blocking calls, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

__all__ = ["Ended", "in_thread", "shielded_in_thread"]

R = TypeVar("R")
Outcome = tuple[Any, BaseException | None]


async def in_thread(call: Callable[[], R], undo: Callable[[R], object] = lambda _: None) -> R:
    """Run a blocking call in a thread that ends with it. Where the caller was cancelled, `undo` gets the result."""
    done = _begun(call, undo)
    try:
        result, error = await done
    except asyncio.CancelledError:
        if not done.cancelled():  # it ended at the same moment
            _abandon(undo, done.result())
        raise
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]  # what `call` returned


class Ended(NamedTuple):
    """How a call ended for whom that does not concern at once: its error, and that its caller was cancelled meanwhile."""

    failed: BaseException | None
    cancelled: asyncio.CancelledError | None

    def check(self) -> None:
        """Raise what there is to raise."""
        if self.cancelled is not None:
            raise self.cancelled from self.failed
        if self.failed is not None:
            raise self.failed


async def shielded_in_thread(call: Callable[[], object]) -> Ended:
    """Run a blocking call, of bounded length, in a thread, and wait for its end, cancelled or not.

    The caller does what is to follow, and then `check`.
    """
    done = _begun(call, lambda _: None)
    cancelled = None
    while not done.done():
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError as error:
            cancelled = error
    return Ended(done.result()[1], cancelled)


def _begun(call: Callable[[], R], undo: Callable[[R], object]) -> asyncio.Future[Outcome]:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome] = loop.create_future()

    def run() -> None:
        try:
            outcome: Outcome = call(), None
        except BaseException as error:  # noqa: BLE001  it is raised where it is awaited
            outcome = None, error
        try:
            loop.call_soon_threadsafe(finish, outcome)
        except RuntimeError:  # the loop has been closed
            _abandon(undo, outcome)

    def finish(outcome: Outcome) -> None:
        if done.cancelled():
            _abandon(undo, outcome)
        else:
            done.set_result(outcome)

    _start(run)
    return done


def _abandon(undo: Callable[[Any], object], outcome: Outcome) -> None:
    if outcome[1] is None:
        _start(lambda: undo(outcome[0]))


def _start(call: Callable[[], object]) -> None:
    threading.Thread(target=call, name="sinetstream-aio").start()
