"""The partitions that a reader holds, and how far the application has come in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition

__all__ = ["Assignment", "PartitionState"]


class PartitionState:
    """One partition from an assignment or a seek to the next. Offsets are those of the message to come.

    `position` and `in_flight` are changed by the application's threads, the rest by the consumer's.
    """

    __slots__ = ("committed", "in_flight", "member", "partition", "position", "revoked", "sent", "started")

    def __init__(self, partition: TopicPartition, member: str | None = None) -> None:
        self.partition = partition
        self.member = member  # of the group, as which it is held
        self.started = self.revoked = False
        self.position = self.sent = self.committed = 0
        self.in_flight: deque[Any] = deque()  # the records that the application has, and has not finished

    def start(self, position: int) -> None:
        """The first position is known, and committed where there is a group."""
        self.position = self.sent = self.committed = position
        self.started = True


class Assignment:
    """What is held now, by partition."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], PartitionState] = {}

    def take(self, partitions: Iterable[TopicPartition], member: str | None = None) -> None:
        """Hold these, and no others."""
        wanted = set(partitions)
        for partition in [partition for partition in self._held if partition not in wanted]:
            self._held.pop(partition).revoked = True
        for partition in wanted:
            if partition not in self._held:
                self._held[partition] = PartitionState(partition, member)

    def give_up(self, states: Iterable[PartitionState]) -> None:
        """Hold these no longer; nothing more is handed out from them."""
        for state in states:
            state.revoked = True
            self.release([state])

    def release(self, states: Iterable[PartitionState]) -> None:
        """Hold these no longer; what was received for them is handed out all the same."""
        for state in states:
            if self._held.get(state.partition) is state:
                del self._held[state.partition]

    def held(self) -> list[PartitionState]:
        return list(self._held.values())

    def of(self, partition: tuple[str, int]) -> PartitionState | None:
        return self._held.get(partition)

    def acknowledge(self, record: Any) -> bool:
        """Note that the application has finished this very record; False where it will come again, by another state."""
        state = self._held.get(record[:2])  # topic and partition; each message takes this way
        if state is None or not state.in_flight or state.in_flight[0] is not record:
            return False
        state.in_flight.popleft()
        state.position = record.offset + 1
        return True

    def in_flight_count(self) -> int:
        """How many messages the application has, and has not finished."""
        return sum(len(state.in_flight) for state in self.held())

    def started(self) -> bool:
        return all(state.started for state in self.held())
