"""When a reader commits offsets: on receipt, after processing, or never. `building.build_member` chooses, once.

The reader acknowledges a message: `GroupMember.record_processed` -> `OffsetCommitter.record_processed` -> commit. Within a
writer's transaction the offsets are committed by produce/consume_process_produce.py instead.
"""

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

__all__ = ["CommitAfterProcessing", "CommitOnReceipt", "OffsetCommitter"]

Offsets = dict[TopicPartition, int]

log = logging.getLogger("sinetstream")

_EVERY_S = 0.9
_EVERY_MESSAGES = 500


class OffsetCommitter:
    """Decides when offsets are committed. This one never commits: it is for readers without a group."""

    def record_received(self, offsets: Offsets) -> None:
        """Messages up to these offsets were received and are about to be handed out."""

    def record_processed(self) -> None:
        """The application has acknowledged one more message. From any thread; does not wait."""

    def maybe_commit(self) -> None:
        """Commit if it is time to. Does not wait."""

    def commit_async(self, states: Iterable[PartitionState]) -> Any:
        """Send a commit of these partitions' positions; kafka-python's future, or None where there is nothing to commit."""
        return None


class CommitOnReceipt(OffsetCommitter):
    """For AT_MOST_ONCE in a group: commits before the application gets the messages, which then do not come again."""

    def __init__(self, commit: Callable[[Offsets], None]) -> None:
        """`commit` waits until the broker has committed."""
        self._commit = commit

    def record_received(self, offsets: Offsets) -> None:
        self._commit(offsets)


class CommitAfterProcessing(OffsetCommitter):
    """From AT_LEAST_ONCE on in a group: commits what was acknowledged, in the background, at most 1 s or 500 messages late.

    Two threads that commit at once may send the same offsets, which does no harm.
    """

    def __init__(
        self, send_commit: Callable[[Offsets], Any], assignment: Assignment, on_error: Callable[[Exception], None]
    ) -> None:
        """`send_commit` returns kafka-python's future."""
        self._send_commit = send_commit
        self._assignment = assignment
        self._on_error = on_error
        self._processed = 0
        self._due_at = time.monotonic() + _EVERY_S

    def record_processed(self) -> None:
        self._processed += 1
        if self._processed >= _EVERY_MESSAGES:
            self._commit_all()

    def maybe_commit(self) -> None:
        if time.monotonic() >= self._due_at:
            self._commit_all()

    def commit_async(self, states: Iterable[PartitionState]) -> Any:
        """A commit that fails is sent again by a later call."""
        new = [(state, state.position) for state in states if state.is_started and state.position != state.sent]
        if not new:
            return None
        for state, position in new:
            state.sent = position
        future = self._send_commit({state.partition: position for state, position in new})

        def note_success(_: Any) -> None:
            for state, position in new:
                state.committed = position

        def note_failure(error: Exception) -> None:
            for state, position in new:
                if state.sent == position:
                    state.sent = -1
            self._report(error)

        future.add_callback(note_success)
        future.add_errback(note_failure)
        return future

    def _commit_all(self) -> None:
        self._processed = 0
        self._due_at = time.monotonic() + _EVERY_S
        self.commit_async(self._assignment.states())

    def _report(self, error: Exception) -> None:
        if isinstance(error, AuthorizationError | FencedInstanceIdError):
            self._on_error(error)
        elif isinstance(error, RetriableError | CommitFailedError | RebalanceInProgressError):
            log.debug("a commit failed and is repeated, if the partitions are still ours: %s", error)
        else:
            log.warning("a commit failed: %s", error)
