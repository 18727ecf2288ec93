"""Records without key and headers, taken out of a batch in one step each.

kafka-python asks the batch for the same nine things for each record, and has a function for each field. It still takes out
what is rare: keys, headers, the marks of transactions, older formats, what is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka.record.util import decode_varint

from sinetstream_plugins.kafka.kafka_python.bounded_batches import BoundedBatch, BoundedPartitionRecords

__all__ = ["FastPartitionRecords"]

_USUAL = 0, 1, 0  # no attributes, of which no format has any yet; no key: -1 as a varint; no headers


class _Batch(BoundedBatch):
    """kafka-python's batch, but for how its records are iterated."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        batch: Any = self
        batch._maybe_uncompress()
        buffer, values, varint = batch._buffer, memoryview(batch._buffer), decode_varint
        offset, first, kind = batch.base_offset, batch.first_timestamp, batch.timestamp_type
        last = batch.max_timestamp if kind == batch.LOG_APPEND_TIME else None
        while batch._next_record_index < batch._num_records:
            try:
                size, head = varint(buffer, batch._pos)
                delta, key = varint(buffer, head + 1)
                number, key = varint(buffer, key)
                length, value = varint(buffer, key + 1)
                end = value + length
                usual = (buffer[head], buffer[key], buffer[end]) == _USUAL and value <= end == head + size - 1
            except (IndexError, ValueError):
                yield super().__next__()  # says what is wrong
                continue
            if not usual:
                yield super().__next__()
                continue
            batch._pos = end + 1
            batch._next_record_index += 1
            timestamp = first + delta if last is None else last
            yield _Record(size, offset + number, timestamp, kind, bytes(values[value:end]))
        if batch._pos != len(buffer):
            super().__next__()


class FastPartitionRecords(BoundedPartitionRecords):
    """The records that a fetch brought from one partition."""

    Batch = _Batch


class _Record:
    """What a fetcher asks of a record."""

    __slots__ = ("headers", "offset", "size_in_bytes", "timestamp", "timestamp_type", "value")

    key = checksum = None

    def __init__(self, size: int, offset: int, timestamp: int, kind: int, value: bytes) -> None:
        self.size_in_bytes = size
        self.offset = offset
        self.timestamp = timestamp
        self.timestamp_type = kind
        self.value = value
        self.headers: list[Any] = []

    def validate_crc(self) -> bool:
        return True
