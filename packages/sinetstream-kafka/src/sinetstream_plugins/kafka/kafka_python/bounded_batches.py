"""Batches of records that may not expand beyond a limit."""

from __future__ import annotations

from functools import partial
from typing import Any

from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaError
from kafka.record.default_records import DefaultRecordBatch

from sinetstream_plugins.kafka.kafka_python.bounded_decompression import TooLargeError, decompress

__all__ = ["BatchTooLargeError", "BoundedBatch", "BoundedFetcher", "BoundedPartitionRecords"]


class BatchTooLargeError(KafkaError):  # type: ignore[misc]  # kafka-python has no type information
    """A batch that was not decompressed. Reading goes on at `next_offset`."""

    def __init__(self, partition: TopicPartition, offset: int, next_offset: int, limit: int) -> None:
        super().__init__(
            f"{partition.topic}-{partition.partition}: the batch of {next_offset - offset} messages at offset {offset} is more "
            f"than {limit} bytes when decompressed"
        )
        self.partition = partition
        self.next_offset = next_offset
        self.limit = limit


class BoundedBatch(DefaultRecordBatch):  # type: ignore[misc]
    """kafka-python's batch, but for how it is decompressed."""

    __slots__ = ("_limit", "_partition")

    def __init__(self, other: Any, partition: TopicPartition, limit: int) -> None:
        """Has the buffer of another one, which is not used any more."""
        for name in DefaultRecordBatch.__slots__:
            setattr(self, name, getattr(other, name))
        self._partition = partition
        self._limit = limit

    def _maybe_uncompress(self) -> None:
        batch: Any = self
        if not batch._decompressed and batch.compression_type != batch.CODEC_NONE:
            batch._assert_has_codec(batch.compression_type)
            try:
                plain = decompress(batch.compression_type, bytes(batch._buffer[batch._pos :]), self._limit)
            except TooLargeError:
                raise BatchTooLargeError(self._partition, batch.base_offset, batch.next_offset, self._limit) from None
            batch._buffer, batch._pos = bytearray(plain), 0
        batch._decompressed = True


class _Batches:
    """kafka-python's MemoryRecords, with our batches of the current format."""

    def __init__(self, records: Any, partition: TopicPartition, limit: int, batch: type[BoundedBatch]) -> None:
        self._records = records
        self._partition = partition
        self._limit = limit
        self._batch = batch

    def next_batch(self) -> Any:
        batch = self._records.next_batch()
        if type(batch) is DefaultRecordBatch:
            return self._batch(batch, self._partition, self._limit)
        return batch


class BoundedPartitionRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records that a fetch brought from one partition."""

    Batch = BoundedBatch

    def __init__(self, *args: Any, limit: int, **options: Any) -> None:
        self._limit = limit
        super().__init__(*args, **options)

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Any:
        return super()._unpack_records(tp, _Batches(records, tp, self._limit, self.Batch), *deserializers)


class BoundedFetcher(Fetcher):  # type: ignore[misc]
    """kafka-python's fetcher, with records of ours."""

    def __init__(self, other: Fetcher, records: type[BoundedPartitionRecords], limit: int) -> None:
        """In the place of another one that has fetched nothing yet."""
        super().__init__(other._client, other._subscriptions, **{**other.config, "metrics": None})
        self._sensors = other._sensors  # they can be registered once only
        self.PartitionRecords = partial(records, limit=limit)
