"""Calls from other threads that the consumer's thread runs for them: kafka-python's consumer is for one thread only."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from sinetstream.errors import ConnectionError

__all__ = ["Calls"]


class Calls:
    """A queue of calls. `run_pending` is for the consumer's thread, the other methods are for any thread."""

    def __init__(self, wake_consumer_thread: Callable[[], None], stopping: threading.Event) -> None:
        self._wake_consumer_thread = wake_consumer_thread
        self._stopping = stopping
        self._pending: deque[tuple[Callable[[], None], Future[None]]] = deque()

    def __len__(self) -> int:
        return len(self._pending)

    def run_in_consumer_thread(self, action: Callable[[], None]) -> None:
        """Wait until `action` has run. Raises what it raises, or `ConnectionError` where the reader is closed first."""
        outcome: Future[None] = Future()
        self._pending.append((action, outcome))
        self._wake_consumer_thread()
        if self._stopping.is_set():
            self.cancel_all()
        outcome.result()

    def run_pending(self) -> None:
        """Run the calls that wait, in order. What a call raises is raised in the thread that waits for it."""
        while self._pending:
            action, outcome = self._pending.popleft()
            try:
                action()
            except Exception as error:  # noqa: BLE001  it is the caller's
                outcome.set_exception(error)
            else:
                outcome.set_result(None)

    def cancel_all(self) -> None:
        """Let the calls that wait fail: the consumer's thread has ended or is about to."""
        while self._pending:
            try:
                _, outcome = self._pending.popleft()
            except IndexError:  # another thread took the last one
                return
            outcome.set_exception(ConnectionError("the reader was closed"))
