"""Waiting for a delivery: in a thread, and in an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar

from sinetstream.errors import PublishTimeoutError, SinetError
from sinetstream.spi.delivery.handlers import removed
from sinetstream.spi.delivery.settlement import FULFILLED, PENDING, REJECTED, Settlement

__all__ = ["Waiting"]

T = TypeVar("T")


class Waiting(Settlement[T]):
    """`get`, `wait` and `await`."""

    _task: asyncio.Task[T] | None = None

    def get(self, timeout: float | None = None) -> T:
        """The value; or raises the error, the same object each time. Blocks as `wait` does, and raises as it does."""
        if self._state == PENDING:
            try:
                self.wait(timeout)
            except BaseException:
                self._mark_handled()  # whoever asked has been told that it is not confirmed
                raise
        return self._result()

    def wait(self, timeout: float | None = None) -> None:  # type: ignore[override]  # there a class method
        """Block until complete, at most `timeout` seconds (0: not at all, None: for ever). Does not wait for handlers.

        `PublishTimeoutError` if that does not suffice. `SinetError` at once in the thread that would have to complete it.
        """
        if self._state != PENDING:
            return
        if timeout is not None and timeout <= 0:
            raise PublishTimeoutError("not confirmed yet; whether the broker has it is unknown")
        in_dispatch = getattr(self._owner, "in_dispatch", None)
        if in_dispatch is not None and in_dispatch():
            raise SinetError("waiting here would never end: this is the thread that completes this promise")
        woken = threading.Lock()
        woken.acquire()
        dismiss = self._enlist(lambda _: woken.release())
        try:
            in_time = woken.acquire(timeout=-1 if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        finally:
            dismiss()
        if not in_time and self._state == PENDING:
            raise PublishTimeoutError(f"not confirmed within {timeout} s; whether the broker has it is unknown")

    def __await__(self) -> Generator[Any, None, T]:
        """As `get`, without blocking the event loop. A cancelled awaiter leaves the delivery and other awaiters alone."""
        if self._state == PENDING:
            loop = asyncio.get_running_loop()
            woken = loop.create_future()

            def wake(_: object) -> None:
                with suppress(RuntimeError):  # the loop is closed: nobody awaits any more
                    loop.call_soon_threadsafe(lambda: None if woken.done() else woken.set_result(None))

            dismiss = self._enlist(wake)
            try:
                yield from woken
            except BaseException:
                self._mark_handled()  # the awaiter knows that it has not waited to the end
                raise
            finally:
                dismiss()
        return self._result()

    __iter__ = __await__

    @property
    def future(self) -> asyncio.Task[T]:
        """A future of the running event loop with this outcome. Cancelling it does not cancel the delivery."""
        loop = asyncio.get_running_loop()
        if self._task is None or self._task.get_loop() is not loop:
            self._task = asyncio.ensure_future(self, loop=loop)
        return self._task

    def _enlist(self, wake: Callable[[object], None]) -> Callable[[], object]:
        todo, entry = self._todo, (None, wake, wake)
        if todo is None:
            wake(None)
        else:
            todo.insert(0, entry)  # ahead of the handlers, which may take their time
            if self._todo is not todo and removed(todo, entry):
                wake(None)
        return lambda: removed(todo, entry) if todo else None

    def _result(self) -> T:
        if self._settled == FULFILLED:
            return self._rejection_handler0  # type: ignore[no-any-return]
        self._mark_handled()
        try:
            raise self._fulfillment_handler0.with_traceback(self._traceback)  # so that it does not grow
        finally:
            del self  # whose error now holds this frame

    # -- what may be seen of the outcome

    @property
    def is_pending(self) -> bool:
        return self._state == PENDING

    @property
    def is_fulfilled(self) -> bool:
        return self._state == FULFILLED

    @property
    def is_rejected(self) -> bool:
        """Whether it is rejected; if so, asking counts as looking at it."""
        if self._state != REJECTED:
            return False
        self._mark_handled()
        return True

    def _settled_value(self, _raise: bool = False) -> Any:
        if self._state == PENDING:
            return None
        if self._state == FULFILLED or _raise:
            return self._result()
        self._mark_handled()
        return self._fulfillment_handler0
