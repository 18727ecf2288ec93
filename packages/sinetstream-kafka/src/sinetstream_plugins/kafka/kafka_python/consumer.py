"""kafka-python's consumer, with what we need of it and its documentation does not list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from threading import get_ident
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import RebalanceInProgressError

from sinetstream_plugins.kafka.kafka_python import speed
from sinetstream_plugins.kafka.kafka_python.bounded_batches import BoundedFetcher, BoundedPartitionRecords
from sinetstream_plugins.kafka.kafka_python.library_threads import ReentryGuard, mark_library_thread
from sinetstream_plugins.kafka.kafka_python.log_handover import hand_over_logs
from sinetstream_plugins.kafka.kafka_python.net_client import net_client_maker

__all__ = ["Consumer", "Offsets", "to_metadata"]

Offsets = dict[TopicPartition, int]


class Consumer(KafkaConsumer):  # type: ignore[misc]  # kafka-python has no type information
    """Knows the cluster when it is constructed, and is not subscribed yet. For one thread, where nothing else is said.

    What takes `timeout_ms` raises `KafkaTimeoutError` after it.
    """

    def __init__(self, settings: Mapping[str, Any], max_decompressed_bytes: int) -> None:
        super().__init__(**{**settings, "kafka_client": net_client_maker(settings)})
        self._fetcher: Any = BoundedFetcher(self._fetcher, _records_class(), max_decompressed_bytes)
        self._reentry = ReentryGuard()
        self._net.call_soon_threadsafe(mark_library_thread)
        hand_over_logs()
        self._cluster.config["retry_backoff_ms"] = settings["retry_backoff_ms"]  # kafka-python does not pass this on

    @property
    def is_on_stack(self) -> bool:
        """Whether the current thread is a library thread, or sends a commit: then it must not wait for such a thread."""
        return self._reentry.is_inside(get_ident())

    @property
    def is_closed(self) -> bool:
        return bool(self._closed)

    @property
    def cluster(self) -> Any:
        """kafka-python's `ClusterMetadata`, which any thread may read."""
        return self._cluster

    @property
    def sleep(self) -> Any:
        """Waits on the IO loop, for coroutines that run there."""
        return self._net.sleep

    def refresh_metadata(self, timeout_ms: int) -> None:
        self._net.run(self._manager.wait_for, self._cluster.request_update(), timeout_ms)

    def is_member(self) -> bool:
        """Whether it has joined its group and is not about to join again."""
        return not self._coordinator.rejoining

    def needs_to_join(self) -> bool:
        """Whether it is joining its group. Then no time may pass between two polls: kafka-python looks for the answer in `poll`
        only, and asks anew where the answer came in between, which makes all other members join again too.
        """
        if self._coordinator.rejoining and not self._coordinator.need_rejoin():
            self._coordinator.request_rejoin()  # it has asked because of new topics, and would not look for the answer
        return bool(self._coordinator.need_rejoin())

    def fetch_committed(self, partitions: Collection[TopicPartition], timeout_ms: int) -> Offsets:
        """The group's offsets of these partitions, where it has any."""
        found = self._coordinator.fetch_committed_offsets(partitions, timeout_ms=timeout_ms)
        return {partition: committed.offset for partition, committed in found.items()}

    def send_commit(self, offsets: Offsets) -> Any:
        """Send a commit as the member that this consumer is by then; kafka-python's future. From any thread."""
        self._reentry.callers.add(get_ident())
        try:
            return self._manager.call_soon(self._coordinator._send_offset_commit_request, to_metadata(offsets))
        finally:
            self._reentry.callers.discard(get_ident())

    def send_commit_if_assigned(self, offsets: Offsets) -> Any:
        """As `send_commit`, but fails with `RebalanceInProgressError` when a partition is not assigned any more."""

        async def send() -> None:
            if not offsets.keys() <= self.assignment():
                raise RebalanceInProgressError
            await self._coordinator._send_offset_commit_request(to_metadata(offsets))

        return self._manager.call_soon(send)

    def wait_for(self, future: Any, timeout_ms: int) -> Any:
        """The result of a future. Raises what it failed with."""
        return self._net.run(self._manager.wait_for, future, timeout_ms)

    def known_end_offset(self, partition: TopicPartition) -> int | None:
        """The offset of the next message to be published, as far as a fetch has told. From any thread."""
        state = self._subscription.assignment.get(partition)
        return None if state is None else state.highwater

    def forget_partitions(self, partitions: Iterable[TopicPartition]) -> None:
        """Remove their offsets, which kafka-python would keep for a partition that comes back. From any thread."""
        kept = self._subscription.assigned_partitions() - set(partitions)
        self._subscription.assign_from_subscribed(sorted(kept))

    def reset_to_committed(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions from their committed offsets on, which the next `poll` asks for."""
        assigned = sorted(self.assignment())
        self.forget_partitions(partitions)
        self._subscription.assign_from_subscribed(assigned)


def _records_class() -> type[BoundedPartitionRecords]:
    if not speed.is_available("fast_decode"):
        return BoundedPartitionRecords
    from sinetstream_plugins.kafka.kafka_python.fast_decode import FastPartitionRecords

    return FastPartitionRecords


def to_metadata(offsets: Offsets) -> dict[TopicPartition, OffsetAndMetadata]:
    """In kafka-python's form."""
    return {partition: OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()}
