"""The partitions that a reader holds, and how far the application has come in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition

__all__ = ["Assignment", "PartitionState"]


class PartitionState:
    """One partition, from the moment it is assigned (or the reader seeks) until it is revoked (or the reader seeks again).

    `position`, `sent` and `committed` are offsets of the next message: to be processed, last sent in a commit, and committed.
    `position` and `in_flight` are changed by the application's threads, the rest by the consumer's thread.
    """

    __slots__ = ("committed", "in_flight", "is_started", "member_id", "partition", "position", "revoked", "sent")

    def __init__(self, partition: TopicPartition, member_id: str | None = None) -> None:
        self.partition = partition
        self.member_id = member_id  # the group's name for the reader when the partition was assigned
        self.is_started = self.revoked = False
        self.position = self.sent = self.committed = 0
        self.in_flight: deque[Any] = deque()  # records that were handed out and are not acknowledged

    def start(self, offset: int) -> None:
        """Read from this offset on; where there is a group, it is committed already."""
        self.position = self.sent = self.committed = offset
        self.is_started = True


class Assignment:
    """The state of every partition that is assigned now."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, int], PartitionState] = {}

    def replace(self, partitions: Iterable[TopicPartition], member_id: str | None = None) -> None:
        """Hold these partitions and no others; those that are held already keep their state."""
        wanted = set(partitions)
        for partition in [partition for partition in self._states if partition not in wanted]:
            self._states.pop(partition).revoked = True
        for partition in wanted:
            if partition not in self._states:
                self._states[partition] = PartitionState(partition, member_id)

    def revoke(self, states: Iterable[PartitionState]) -> None:
        """Remove these; nothing more is handed out from them."""
        for state in states:
            state.revoked = True
            self.release([state])

    def release(self, states: Iterable[PartitionState]) -> None:
        """Remove these; what was received from them is still handed out."""
        for state in states:
            if self._states.get(state.partition) is state:
                del self._states[state.partition]

    def states(self) -> list[PartitionState]:
        return list(self._states.values())

    def get(self, partition: tuple[str, int]) -> PartitionState | None:
        return self._states.get(partition)

    def record_processed(self, record: Any) -> bool:
        """Advance the position past this record. False where the record comes again: its partition was assigned anew."""
        state = self._states.get(record[:2])  # topic and partition; this runs for each message
        if state is None or not state.in_flight or state.in_flight[0] is not record:
            return False
        state.in_flight.popleft()
        state.position = record.offset + 1
        return True

    def count_in_flight(self) -> int:
        return sum(len(state.in_flight) for state in self.states())

    def is_started(self) -> bool:
        """Whether the start of every partition is known."""
        return all(state.is_started for state in self.states())
