"""Where reading begins in each partition, and where it goes on after a seek."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError
from sinetstream.spi import Deadline

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.offset_reset import OffsetReset, ask_in_slices, name_of
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer, Offsets

__all__ = ["PartitionOffsets", "Records"]

T = TypeVar("T")
Records = dict[TopicPartition, list[Any]]

_TIMEOUT_S = 5.0
_SLICE_MS = 500
_REFRESH_S = 2.0


class PartitionOffsets:
    """Asks the broker in slices of half a second, so that whoever closes the reader need not wait.

    All but `lag` and `end_offset` is for the consumer's thread.
    """

    def __init__(self, client: Consumer, assignment: Assignment, reset: OffsetReset, stopping: threading.Event) -> None:
        self._client = client
        self._assignment = assignment
        self._reset = reset
        self._stopping = stopping
        self._has_group = client.config["group_id"] is not None
        self._end_offsets: Offsets = {}
        self._refresh_at = 0.0

    def find_start(self, records: Records) -> None:
        """Find where new partitions start, and commit that where the group has no such offset, before the first message is handed out.

        Partitions whose start is not found in time are not started: call again.
        """
        new = {state.partition for state in self._assignment.states() if not state.is_started}
        committed = self._fetch_committed(new)
        self._reset.seek_to_start(new - committed.keys())
        for partition in new - committed.keys():
            records.pop(partition, None)
        found = self._find_positions(new, records)
        # A committed offset that was not valid any more differs, too.
        new_offsets = {partition: offset for partition, offset in found.items() if committed.get(partition) != offset}
        if new_offsets and self._has_group:
            self.commit(new_offsets)
        for partition, offset in found.items():
            if (state := self._assignment.get(partition)) is not None:
                state.start(offset)

    def commit_seek(self, offsets: Offsets) -> None:
        """Before a seek: commit where it goes, and keep the partitions held from committing their own positions.

        Where that fails they commit their own positions again, because it is unknown what the broker has committed.
        """
        if not self._has_group:
            return
        started = [state for state in self._assignment.states() if state.is_started]
        for state in started:
            state.is_started = False
        try:
            self.commit(offsets)
        except Exception:
            for state in started:
                state.sent = state.committed = -1
                state.is_started = True
            raise

    def seek(self, offsets: Offsets) -> None:
        """Read on there, with new states. The offsets are committed already."""
        for partition, offset in offsets.items():
            if (state := self._assignment.get(partition)) is not None:
                self._client.seek(partition, offset)
                state.start(offset)

    def commit(self, offsets: Offsets) -> None:
        """Commit and wait for the broker. Only while the partitions are ours: else it would undo what others have committed."""
        future = self._client.send_commit_if_assigned(offsets)
        self.ask_in_slices(lambda ms: self._client.wait_for(future, ms))

    def refresh_end_offsets(self) -> None:
        """Ask for the end offsets every two seconds, for `end_offset`: while nothing is fetched, nothing else tells them."""
        if time.monotonic() >= self._refresh_at:
            self._refresh_at = time.monotonic() + _REFRESH_S
            with suppress(KafkaTimeoutError):
                self._end_offsets = self._client.end_offsets(self._client.assignment(), timeout_ms=_SLICE_MS)

    def lag(self) -> dict[str, int]:
        """How many messages of each partition are not processed, as far as the broker has said. From any thread."""
        lag = {}
        for state in self._assignment.states():
            end = self.end_offset(state.partition)
            if state.is_started and end is not None:
                lag[name_of(state.partition)] = max(0, end - state.position)
        return lag

    def end_offset(self, partition: TopicPartition) -> int | None:
        """The offset of the next message to be published, as far as the broker has said. From any thread."""
        known = (self._client.known_end_offset(partition), self._end_offsets.get(partition))
        return max((offset for offset in known if offset is not None), default=None)

    def ask_in_slices(self, ask: Callable[[int], T]) -> T:
        """Repeat `ask(timeout_ms)` until it does not time out, for about five seconds, or until the reader is closed."""
        return ask_in_slices(ask, self._stopping)

    def _fetch_committed(self, partitions: set[TopicPartition]) -> Offsets:
        if not self._has_group:
            return {}
        return self.ask_in_slices(lambda ms: self._client.fetch_committed(partitions, ms))

    def _find_positions(self, partitions: set[TopicPartition], records: Records) -> Offsets:
        found: Offsets = {}
        deadline = Deadline(_TIMEOUT_S, self._stopping)
        while left := partitions - found.keys():
            for partition in left:
                first = records.get(partition)
                offset = first[0].offset if first else self._client.position(partition, timeout_ms=_SLICE_MS)
                if offset is not None:
                    found[partition] = offset
            if deadline.is_over:
                break
        return found
