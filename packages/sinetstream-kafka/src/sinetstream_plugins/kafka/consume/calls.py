"""What other threads ask of the one that owns the consumer."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from sinetstream.errors import ConnectionError

__all__ = ["Calls"]


class Calls:
    """In the order they came. `run_in_consumer_thread` is for other threads, `run_pending` for the owner, `cancel_all` for any."""

    def __init__(self, nudge: Callable[[], None], stopping: threading.Event) -> None:
        """`nudge` makes the owner look."""
        self._nudge = nudge
        self._stopping = stopping
        self._waiting: deque[tuple[Callable[[], None], Future[None]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def run_in_consumer_thread(self, action: Callable[[], None]) -> None:
        """Returns when it is done. Raises what it raises, and `ConnectionError` where the reader is closed meanwhile."""
        done: Future[None] = Future()
        self._waiting.append((action, done))
        self._nudge()
        if self._stopping.is_set():
            self.cancel_all()
        done.result()

    def run_pending(self) -> None:
        """Do what waits; what fails has failed for its caller."""
        while self._waiting:
            action, done = self._waiting.popleft()
            try:
                action()
            except Exception as error:  # noqa: BLE001  it is the caller's
                done.set_exception(error)
            else:
                done.set_result(None)

    def cancel_all(self) -> None:
        """The reader is closed, and nobody will obey."""
        while self._waiting:
            try:
                _, done = self._waiting.popleft()
            except IndexError:
                return
            done.set_exception(ConnectionError("the reader was closed"))
