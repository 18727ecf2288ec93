"""The partitions that a reader holds, and how far the application has come in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from kafka import TopicPartition

__all__ = ["Lease", "Leases"]


class Lease:
    """One partition from an assignment or a seek to the next. Positions are those of the message to come.

    `finished` and `out` are changed by the application's threads, the rest by the consumer's.
    """

    __slots__ = ("committed", "finished", "member", "out", "over", "partition", "sent", "started")

    def __init__(self, partition: TopicPartition, member: str | None = None) -> None:
        self.partition = partition
        self.member = member  # of the group, as which it is held
        self.started = self.over = False
        self.finished = self.sent = self.committed = 0
        self.out: deque[Any] = deque()  # the records that the application has, and has not finished

    def start(self, position: int) -> None:
        """The first position is known, and committed where there is a group."""
        self.finished = self.sent = self.committed = position
        self.started = True


class Leases:
    """What is held now, by partition."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Lease] = {}

    def take(self, partitions: Iterable[TopicPartition], member: str | None = None) -> None:
        """Hold these, and no others."""
        wanted = set(partitions)
        for partition in [partition for partition in self._held if partition not in wanted]:
            self._held.pop(partition).over = True
        for partition in wanted:
            if partition not in self._held:
                self._held[partition] = Lease(partition, member)

    def give_up(self, leases: Iterable[Lease]) -> None:
        """Hold these no longer; nothing more is handed out from them."""
        for lease in leases:
            lease.over = True
            self.release([lease])

    def release(self, leases: Iterable[Lease]) -> None:
        """Hold these no longer; what was received for them is handed out all the same."""
        for lease in leases:
            if self._held.get(lease.partition) is lease:
                del self._held[lease.partition]

    def held(self) -> list[Lease]:
        return list(self._held.values())

    def of(self, partition: tuple[str, int]) -> Lease | None:
        return self._held.get(partition)

    def finish(self, record: Any) -> bool:
        """Note that the application has finished this very record; False where it will come again, by another lease."""
        lease = self._held.get(record[:2])  # topic and partition; each message takes this way
        if lease is None or not lease.out or lease.out[0] is not record:
            return False
        lease.out.popleft()
        lease.finished = record.offset + 1
        return True

    def unfinished(self) -> int:
        """How many messages the application has, and has not finished."""
        return sum(len(lease.out) for lease in self.held())

    def started(self) -> bool:
        return all(lease.started for lease in self.held())
