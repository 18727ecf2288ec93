"""What a reader holds: its partitions, the records received from them, and what happens to both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition

from sinetstream_plugins.kafka.consume.assignment import Assignment, PartitionState
from sinetstream_plugins.kafka.consume.fetch_buffer import FetchBuffer
from sinetstream_plugins.kafka.consume.group_transaction import GroupTransaction
from sinetstream_plugins.kafka.consume.offset_committer import OffsetCommitter

__all__ = ["GroupMember"]


class GroupMember:
    """Also for a reader without a group, which is assigned all partitions.

    `keeps_received` says that received messages are committed before they are handed out: they are handed out even when their
    partition has gone to another reader.
    """

    def __init__(
        self, assignment: Assignment, buffer: FetchBuffer, committer: OffsetCommitter, *, keeps_received: bool
    ) -> None:
        self.assignment = assignment
        self.buffer = buffer
        self.committer = committer
        self.keeps_received = keeps_received
        self.transaction = GroupTransaction()

    def record_processed(self, record: Any) -> None:
        """The application has acknowledged this record. From any thread; does not wait for the broker."""
        if not self.assignment.record_processed(record):
            self.transaction.mark_broken()
        elif not self.transaction.commits_offsets:
            self.committer.record_processed()
        if self.buffer.is_window_full:
            self.buffer.notify_processed()

    def maybe_commit(self) -> None:
        """Commit what was acknowledged, if it is time to and no transaction does it."""
        if not self.transaction.commits_offsets:
            self.committer.maybe_commit()

    def commit_async(self, states: Iterable[PartitionState]) -> Any:
        """Send a commit of these positions; kafka-python's future, or None where there is nothing that it may commit."""
        return None if self.transaction.commits_offsets else self.committer.commit_async(states)

    def uncommitted(self) -> list[PartitionState]:
        """The partitions with messages that were acknowledged and whose offsets are not committed."""
        return [state for state in self.assignment.states() if state.is_started and state.position != state.committed]

    def states_of(self, partitions: Iterable[TopicPartition]) -> list[PartitionState]:
        """The states of those of these partitions that are assigned."""
        found = [self.assignment.get(partition) for partition in partitions]
        return [state for state in found if state is not None]

    def is_in_flight(self, state: PartitionState, record: Any) -> bool:
        """Whether this record is not acknowledged yet, or, within a transaction, its offset is not committed yet."""
        is_unprocessed = bool(state.in_flight) and state.in_flight[0] is record
        if self.transaction.commits_offsets:
            return self.transaction.is_open and (is_unprocessed or state.position != state.committed)
        return is_unprocessed

    def stop_handing_out(self, states: Iterable[PartitionState]) -> None:
        """Hand out nothing more from these partitions; what is in flight may still be acknowledged and committed."""
        states = list(states)
        for state in states:
            state.revoked = True
        self.buffer.drop(states)

    def lose(self, states: Iterable[PartitionState]) -> None:
        """These partitions are gone: what was received from them comes again, unless it is committed already."""
        states = list(states)
        if self.keeps_received:
            self.assignment.release(states)
            return
        if any(state.position != state.committed for state in states):
            self.transaction.mark_broken()  # acknowledging a message of theirs that is in flight does so too
        self.revoke(states)

    def revoke(self, states: Iterable[PartitionState]) -> None:
        """Forget these partitions and what was received from them."""
        states = list(states)
        self.assignment.revoke(states)
        self.buffer.drop(states)
