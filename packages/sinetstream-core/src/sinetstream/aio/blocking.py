"""Blocking calls, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["in_thread"]

R = TypeVar("R")


async def in_thread(call: Callable[[], R], undo: Callable[[], object] = lambda: None) -> R:
    """Run a blocking call in a thread that ends with it. Where nobody waits for it any more, undo it in such a thread."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[R] = loop.create_future()

    def finish(result: R | None, error: BaseException | None) -> None:
        if done.cancelled():
            if error is None:
                _start(undo)
        elif error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # there is one where there is no error

    def run() -> None:
        try:
            outcome: tuple[R | None, BaseException | None] = call(), None
        except BaseException as error:  # noqa: BLE001  it is raised where it is awaited
            outcome = None, error
        try:
            loop.call_soon_threadsafe(finish, *outcome)
        except RuntimeError:  # the loop has been closed
            undo()

    _start(run)
    try:
        return await done
    except asyncio.CancelledError:
        if done.done() and not done.cancelled() and done.exception() is None:
            _start(undo)
        raise


def _start(call: Callable[[], object]) -> None:
    threading.Thread(target=call, name="sinetstream-aio").start()
