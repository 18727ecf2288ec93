"""The short way of a record into the batch of its partition."""

from __future__ import annotations

from collections import deque
from random import random
from threading import Lock
from typing import Any

from kafka import TopicPartition
from kafka.future import Future
from kafka.partitioner import DefaultPartitioner

from sinetstream_plugins.kafka.kafka_python.producer import Producer, Record

__all__ = ["FastSender", "is_for"]

_Way = tuple[TopicPartition, Lock, deque[Any]]  # a partition, the lock of its batches, and those that wait
_OVERHEAD = 128  # bytes, at most, that a record is longer than its value, key and headers
_HEADER_OVERHEAD = 10

_Headers = list[tuple[str, bytes]]


def is_for(producer: Producer) -> bool:
    """Whether this producer's partitioner is the one whose choice is made here."""
    return type(producer.config["partitioner"]) is DefaultPartitioner


class FastSender:
    """Sends to one topic. From any thread.

    kafka-python's own `send` takes as long again to look at types and sizes that are known here, to list the partitions that have a
    leader, and to format a log line that nobody reads. It still does what is rare: a topic or a leader that is not known, a record
    that may be too large, a producer that is closed.

    The thread that sends is woken less often. Without `linger_ms` it sends a batch as soon as it may, and comes back for the next
    one of that partition by itself; with it, a batch that is full is sent early, for which it must be woken.
    """

    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._cluster = producer.cluster
        self._append = producer._accumulator.append
        self._wake_up = producer._sender.wakeup
        self._choose = producer.config["partitioner"].partition
        self._lingers = bool(producer.config["linger_ms"])
        self._max_size = producer.config["max_request_size"] - _OVERHEAD
        manager: Any = producer._transaction_manager
        transactional = manager is not None and manager.is_transactional()
        self._add_to_transaction = manager.maybe_add_partition_to_transaction if transactional else None
        self._known: tuple[Any, list[_Way], dict[int, _Way]] = None, [], {}

    def send(self, record: Record) -> Any:
        """kafka-python's future. Raises what its `send` raises."""
        value, key, headers, _, timestamp_ms = record
        metadata, ways, by_number = self._known
        if metadata is not self._cluster._partitions:  # each answer about the cluster replaces it
            metadata, ways, by_number = self._known = self._find_ways()
        size = len(value) + (_size(key, headers) if key is not None or headers else 0)
        if size > self._max_size or not ways or self._producer._closed:
            return self._producer.send(self._topic, *record)
        if key is None:
            partition, lock, batches = ways[int(random() * len(ways))]
        elif (number := self._choose(self._topic, key, key, value, value, self._cluster)) in by_number:
            partition, lock, batches = by_number[number]
        else:
            return self._producer.send(self._topic, *record)
        if self._add_to_transaction is not None:
            self._add_to_transaction(partition)
        if not self._lingers:
            with lock:  # whoever takes a batch away, to send or to abort it, closes it under this lock
                future = batches[-1].try_append(timestamp_ms, key, value, headers or []) if batches else None
            if future is not None:
                return future
        future, is_full, is_new, _ = self._append(partition, timestamp_ms, key, value, headers or [])
        if (is_new and (self._lingers or _is_first(batches, future))) or (is_full and self._lingers):
            self._wake_up()
        return future

    follow = staticmethod(Future._add_cb_eb)
    """`follow(future, on_success, on_failure)` is `add_callback` and `add_errback` in one step."""

    def _find_ways(self) -> tuple[Any, list[_Way], dict[int, _Way]]:
        metadata, accumulator = self._cluster._partitions, self._producer._accumulator
        ways = {}
        for number in self._cluster.available_partitions_for_topic(self._topic) or ():
            partition = TopicPartition(self._topic, number)
            ways[number] = partition, accumulator._tp_lock(partition), accumulator._batches[partition]
        return metadata, list(ways.values()), ways


def _size(key: bytes | None, headers: _Headers | None) -> int:
    """How many bytes these add to a record, at most."""
    size = len(key) if key is not None else 0
    return size + sum(_HEADER_OVERHEAD + 4 * len(name) + len(value) for name, value in headers) if headers else size


def _is_first(batches: deque[Any], future: Any) -> bool:
    """Whether the batch that this record began is the one to be sent next."""
    try:
        return batches[0].produce_future is future._produce_future
    except IndexError:  # it is being sent
        return False
