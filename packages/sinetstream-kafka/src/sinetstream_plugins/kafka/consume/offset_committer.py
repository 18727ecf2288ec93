"""Committing what the application has finished, in the background."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from kafka import TopicPartition
from kafka.errors import (
    AuthorizationError,
    CommitFailedError,
    FencedInstanceIdError,
    RebalanceInProgressError,
    RetriableError,
)

from sinetstream_plugins.kafka.consume.assignment import Assignment, PartitionState

__all__ = ["OffsetCommitter"]

Send = Callable[[dict[TopicPartition, int]], Any]

log = logging.getLogger("sinetstream")

_EVERY_S = 0.9
_EVERY_MESSAGES = 500


class OffsetCommitter:
    """At most 1 s or 500 messages behind. May be asked by any thread: two at once may send the same.

    `send` sends positions, and returns the future.
    """

    def __init__(self, send: Send, assignment: Assignment, on_error: Callable[[Exception], None]) -> None:
        self._send = send
        self._assignment = assignment
        self._on_error = on_error
        self._finished = 0
        self._due = time.monotonic() + _EVERY_S

    def record_processed(self) -> None:
        """The application has finished one more message."""
        self._finished += 1
        if self._finished >= _EVERY_MESSAGES:
            self.commit_async()

    def maybe_commit(self) -> None:
        """Commit if it is time to."""
        if time.monotonic() >= self._due:
            self.commit_async()

    def commit_async(self) -> None:
        """Send a commit of what is new; its outcome is awaited by nobody, what failed is sent again."""
        self._finished = 0
        self._due = time.monotonic() + _EVERY_S
        self.send(self._assignment.held())

    def send(self, states: Iterable[PartitionState]) -> Any:
        """Send a commit for these; the future, or None where there is nothing new."""
        new = [(state, state.position) for state in states if state.started and state.position != state.sent]
        if not new:
            return None
        for state, position in new:
            state.sent = position
        future = self._send({state.partition: position for state, position in new})

        def committed(_: Any) -> None:
            for state, position in new:
                state.committed = position

        def failed(error: Exception) -> None:
            for state, position in new:
                if state.sent == position:
                    state.sent = -1
            if isinstance(error, AuthorizationError | FencedInstanceIdError):
                self._on_error(error)
            elif isinstance(error, RetriableError | CommitFailedError | RebalanceInProgressError):
                log.debug("a commit failed and is repeated, if the partitions are still ours: %s", error)
            else:
                log.warning("a commit failed: %s", error)

        future.add_callback(committed)
        future.add_errback(failed)
        return future
