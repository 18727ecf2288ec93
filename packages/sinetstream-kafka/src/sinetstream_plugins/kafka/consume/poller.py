"""Fetching: from the broker into the fetch buffer."""

from __future__ import annotations

from kafka.errors import LogTruncationError, NoOffsetForPartitionError, OffsetOutOfRangeError
from sinetstream.errors import InvalidMessageError

from sinetstream_plugins.kafka.consume.group_member import GroupMember
from sinetstream_plugins.kafka.consume.offset_reset import OffsetReset
from sinetstream_plugins.kafka.consume.offsets import Records
from sinetstream_plugins.kafka.kafka_python.bounded_batches import BatchTooLargeError
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer

__all__ = ["Poller"]

_BATCH = 500
_SLICES_MS = (5, 50)
_JOIN_MS = 500


def _refusal(error: BatchTooLargeError) -> InvalidMessageError:
    refusal = InvalidMessageError(
        f"{error}: it is skipped; if that is right, raise type_spec.max_decompressed_bytes and seek", limit=error.limit
    )
    refusal.__cause__ = error
    return refusal


class Poller:
    """What is polled is either handed to the buffer or given back to kafka-python."""

    def __init__(self, client: Consumer, member: GroupMember, reset: OffsetReset) -> None:
        self._client = client
        self._reset = reset
        self._member = member
        self._slice_ms = _SLICES_MS[0]

    def poll(self, *, is_full: bool, needs_to_join: bool) -> Records:
        """What comes within a few milliseconds. While the buffer is full nothing is fetched, and only the group is served."""
        self._pause_or_resume(is_full)
        try:
            records: Records = self._client.poll(_JOIN_MS if needs_to_join else 0 if is_full else self._slice_ms)
        except NoOffsetForPartitionError:  # a partition is new, and its start is still to be found
            return {}
        except (OffsetOutOfRangeError, LogTruncationError) as error:
            self._reset.recover(error)
            return {}
        except BatchTooLargeError as error:
            self._client.seek(error.partition, error.next_offset)
            self._member.buffer.put_error(_refusal(error))
            return {}
        # What arrives during a poll is seen by the next one only, so polls are short while messages arrive.
        shortest, longest = _SLICES_MS
        self._slice_ms = shortest if records else min(2 * self._slice_ms, longest)
        return records

    def hand_to_buffer(self, records: Records) -> None:
        """Put the records into the fetch buffer. What is still in `records` when this raises was not put there."""
        if records:
            self._member.committer.record_received(
                {partition: batch[-1].offset + 1 for partition, batch in records.items()}
            )
        while records:
            partition, batch = records.popitem()
            state = self._member.assignment.get(partition)
            if state is not None:
                for begin in range(0, len(batch), _BATCH):
                    self._member.buffer.put(state, batch[begin : begin + _BATCH])

    def give_back(self, records: Records) -> None:
        """Let these records come again with the next poll."""
        assigned = self._client.assignment()
        for partition, batch in records.items():
            if partition in assigned:
                self._client.seek(partition, batch[0].offset)

    def _pause_or_resume(self, is_full: bool) -> None:
        if is_full:
            self._client.pause(*self._client.assignment())
        elif paused := self._client.paused():
            self._client.resume(*paused)
