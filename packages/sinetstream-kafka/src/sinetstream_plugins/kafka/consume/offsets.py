"""Where reading begins in each partition, and what of that the group knows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaTimeoutError, RebalanceInProgressError

from sinetstream_plugins.kafka.consume.assignment import Assignment

__all__ = ["Offsets", "Records", "to_metadata"]

T = TypeVar("T")
Records = dict[TopicPartition, list[Any]]

_PATIENCE_S = 5.0
_SLICE_MS = 500
_LOOK_AHEAD_S = 2.0


class Offsets:
    """Asks the broker in slices, so that whoever closes the reader need not wait. `forget` may be called by any thread."""

    def __init__(
        self, client: KafkaConsumer, assignment: Assignment, stopping: threading.Event, *, keeps_up: bool
    ) -> None:
        """`keeps_up`: what is published while the reader is open is read, whenever it gets the partition."""
        self._client = client
        self._assignment = assignment
        self._stopping = stopping
        self._keeps_up = keeps_up
        self._group = client.config["group_id"] is not None
        self._opened_at: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._look_at = 0.0

    def opening(self, topics: Iterable[str]) -> None:
        """Note how much there is: what comes later is published while the reader is open."""
        if self._keeps_up:
            of = self._client._cluster.partitions_for_topic
            partitions = [TopicPartition(topic, number) for topic in topics for number in of(topic) or ()]
            self._opened_at = self.ask_in_slices(lambda ms: self._client.end_offsets(partitions, timeout_ms=ms))

    def start(self, records: Records) -> None:
        """Find where new states begin; commit that, before the first message, where the group has no position.

        What is not found in time is not started: call again.
        """
        new = {state.partition for state in self._assignment.held() if not state.started}
        committed = self._committed(new)
        if self._keeps_up:
            for partition in new - committed:
                self._begin(partition)
                records.pop(partition, None)
        positions = self._found(new, records)
        if self._group:
            self.commit({p: position for p, position in positions.items() if p not in committed})
        for partition, position in positions.items():
            if (state := self._assignment.of(partition)) is not None:
                state.start(position)

    def commit_instead(self, positions: dict[TopicPartition, int]) -> None:
        """For a move: the group, where there is one, knows these positions, and none of the states held commits its own.

        Where that fails they go on, and commit their own again: what the broker has noted is not known.
        """
        if not self._group:
            return
        held = [state for state in self._assignment.held() if state.started]
        for state in held:
            state.started = False
        try:
            self.commit(positions)
        except Exception:
            for state in held:
                state.sent = state.committed = -1
                state.started = True
            raise

    def move(self, positions: dict[TopicPartition, int]) -> None:
        """Go on there, with new states that the group knows the positions of."""
        for partition, position in positions.items():
            if (state := self._assignment.of(partition)) is not None:
                self._client.seek(partition, position)
                state.start(position)

    def commit(self, positions: dict[TopicPartition, int]) -> None:
        """Once, while the partitions are ours: after a rebalance it would undo what others have committed."""

        async def send() -> None:
            if not positions.keys() <= self._client.assignment():
                raise RebalanceInProgressError
            await self._client._coordinator._send_offset_commit_request(to_metadata(positions))

        manager = self._client._manager
        sent = manager.call_soon(send)
        self.ask_in_slices(lambda ms: self._client._net.run(manager.wait_for, sent, ms))

    def commit_soon(self, positions: dict[TopicPartition, int]) -> Any:
        """Send it, as the member that we are then; the future."""
        return self._client._manager.call_soon(
            self._client._coordinator._send_offset_commit_request, to_metadata(positions)
        )

    def look_ahead(self) -> None:
        """While nothing is fetched, ask now and then how much there is, for `end`."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_AHEAD_S
            with suppress(KafkaTimeoutError):
                self._ends = self._client.end_offsets(self._client.assignment(), timeout_ms=_SLICE_MS)

    def end(self, partition: TopicPartition) -> int | None:
        """The position of the next message to be published, as far as the broker has said. From any thread."""
        state = self._client._subscription.assignment.get(partition)
        ends = [end for end in (state and state.highwater, self._ends.get(partition)) if end is not None]
        return max(ends, default=None)

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """They are assigned no more. kafka-python would keep the position of one that comes back, whatever others did."""
        subscription = self._client._subscription
        subscription.assign_from_subscribed(sorted(subscription.assigned_partitions() - set(partitions)))

    def renew(self, partitions: Iterable[TopicPartition]) -> None:
        """They stay assigned, from their committed positions on: kafka-python asks for those, as often as it takes."""
        assigned = sorted(self._client.assignment())
        self.forget(partitions)
        self._client._subscription.assign_from_subscribed(assigned)

    def ask_in_slices(self, ask: Callable[[int], T]) -> T:
        """`ask(timeout_ms)` until it does not time out, for about five seconds, or until the reader is closed."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return ask(_SLICE_MS)
            except KafkaTimeoutError:
                if self._stopping.is_set() or time.monotonic() > deadline:
                    raise

    def _begin(self, partition: TopicPartition) -> None:
        if (position := self._opened_at.get(partition)) is None:  # it is newer than the reader
            self._client.seek_to_beginning(partition)
        else:
            self._client.seek(partition, position)

    def _committed(self, partitions: set[TopicPartition]) -> set[TopicPartition]:
        if not self._group:
            return set()
        fetch = self._client._coordinator.fetch_committed_offsets
        return set(self.ask_in_slices(lambda ms: fetch(partitions, timeout_ms=ms)))

    def _found(self, partitions: set[TopicPartition], records: Records) -> dict[TopicPartition, int]:
        found: dict[TopicPartition, int] = {}
        deadline = time.monotonic() + _PATIENCE_S
        while left := partitions - found.keys():
            for partition in left:
                first = records.get(partition)
                position = first[0].offset if first else self._client.position(partition, timeout_ms=_SLICE_MS)
                if position is not None:
                    found[partition] = position
            if self._stopping.is_set() or time.monotonic() > deadline:
                break
        return found


def to_metadata(positions: dict[TopicPartition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    """As kafka-python wants them."""
    return {partition: OffsetAndMetadata(position, "", -1) for partition, position in positions.items()}
