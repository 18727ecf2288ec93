"""Where reading goes on when a partition has no offset, or one that is not valid any more."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

from kafka import TopicPartition
from kafka.errors import KafkaTimeoutError, LogTruncationError, NoOffsetForPartitionError, OffsetOutOfRangeError
from sinetstream.spi import Deadline

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer, Offsets

__all__ = ["OffsetReset", "ask_in_slices", "name_of"]

T = TypeVar("T")

log = logging.getLogger("sinetstream")

_OLD_NAMES = {"smallest": "earliest", "largest": "latest"}
_TIMEOUT_S = 5.0
_SLICE_MS = 500
_TRANSACTION_S = 60.0


def ask_in_slices(ask: Callable[[int], T], stopping: threading.Event, timeout_s: float = _TIMEOUT_S) -> T:
    """Repeat `ask(timeout_ms)` until it does not time out, for so long, or until the reader is closed."""
    deadline = Deadline(timeout_s, stopping)
    while True:
        try:
            return ask(_SLICE_MS)
        except KafkaTimeoutError:
            if deadline.is_over:
                raise


def name_of(partition: TopicPartition) -> str:
    """As metrics and logs call it."""
    return f"{partition.topic}-{partition.partition}"


class OffsetReset:
    """For the consumer's thread; `gap` is for any.

    `auto_offset_reset` decides where a group starts that has no offset of a topic. What is `lossless` (from AT_LEAST_ONCE on) never
    skips what the broker keeps: it goes on at the oldest message where the group has an offset for another partition of the topic
    only, and where its offset is below the oldest message or beyond the newest. Otherwise kafka-python decides by `auto_offset_reset`.
    """

    def __init__(
        self, client: Consumer, assignment: Assignment, stopping: threading.Event, policy: str, *, is_lossless: bool
    ) -> None:
        self._client = client
        self._assignment = assignment
        self._stopping = stopping
        self._policy = _OLD_NAMES.get(policy, policy)
        self._is_lossless = is_lossless
        self._at_opening: Offsets = {}
        self._known_topics: set[str] = set()
        self._gaps: Counter[TopicPartition] = Counter()

    def note_opening(self, topics: Iterable[str]) -> None:
        """Remember the end of each partition, after which all is published while the reader is open, and the group's topics."""
        numbers = self._client.cluster.partitions_for_topic
        partitions = [TopicPartition(topic, number) for topic in topics for number in numbers(topic) or ()]
        if self._policy == "latest":
            self._at_opening = self._ask(lambda ms: self._client.end_offsets(partitions, timeout_ms=ms))
        if self._is_lossless and self._client.config["group_id"] is not None:
            # Before joining, after which other members commit where they start. The broker does not tell while a transaction of the
            # group is open, as one whose process was killed.
            committed = ask_in_slices(
                lambda ms: self._client.fetch_committed(partitions, ms), self._stopping, _TRANSACTION_S
            )
            self._known_topics = {partition.topic for partition in committed}

    def seek_to_start(self, partitions: Collection[TopicPartition]) -> None:
        """Read these partitions, of which the group has no offset, from their start on."""
        if self._policy == "none" and partitions:
            raise NoOffsetForPartitionError(partitions)
        oldest = {partition for partition in partitions if partition.topic in self._known_topics}
        for partition in set(partitions) - oldest:
            if self._policy == "latest" and partition in self._at_opening:
                self._client.seek(partition, self._at_opening[partition])
            else:  # also a partition that is newer than the reader
                self._client.seek_to_beginning(partition)
        for partition, offset in self._find_oldest(oldest).items():
            self._client.seek(partition, offset)
            self._gaps[partition] += offset
            log.log(
                logging.WARNING if offset else logging.INFO,
                "%s: the group has no offset of this partition, but of others: reading starts at the oldest message%s",
                name_of(partition),
                f"; up to {offset} before it are deleted" if offset else "",
            )

    def recover(self, error: OffsetOutOfRangeError | LogTruncationError) -> None:
        """Go on at the oldest message in the partitions of the error, or raise it where `auto_offset_reset` is none."""
        if self._policy == "none" or not self._is_lossless:
            raise error
        for partition, oldest in self._find_oldest(_partitions_of(error) & self._client.assignment()).items():
            position = self._client.position(partition)
            self._client.seek(partition, oldest)
            self._tell_gap(partition, position, oldest)
            state = self._assignment.get(partition)
            if state is not None and state.position == position:  # nothing received before is still to be processed
                state.position = oldest

    def gap(self) -> dict[str, int]:
        """How many messages of each partition were deleted before they were read, at most."""
        return {name_of(partition): count for partition, count in self._gaps.copy().items() if count}

    def _tell_gap(self, partition: TopicPartition, position: int, oldest: int) -> None:
        if position < oldest:
            self._gaps[partition] += oldest - position
            log.warning(
                "%s: up to %d messages were deleted before they were read (offsets %d to %d): the topic keeps messages for a "
                "shorter time, or in less space, than this reader needs",
                name_of(partition),
                oldest - position,
                position,
                oldest - 1,
            )
        else:
            log.warning(
                "%s: offset %d does not exist any more, because the topic was truncated or created anew: reading goes on at the "
                "oldest message (offset %d), and messages may come twice",
                name_of(partition),
                position,
                oldest,
            )

    def _find_oldest(self, partitions: Collection[TopicPartition]) -> Offsets:
        return self._ask(lambda ms: self._client.beginning_offsets(partitions, timeout_ms=ms)) if partitions else {}

    def _ask(self, ask: Callable[[int], Offsets]) -> Offsets:
        return ask_in_slices(ask, self._stopping)


def _partitions_of(error: OffsetOutOfRangeError | LogTruncationError) -> set[TopicPartition]:
    found: Mapping[TopicPartition, object] = (
        error.divergent_offsets if isinstance(error, LogTruncationError) else error.args[0]
    )
    return set(found)
