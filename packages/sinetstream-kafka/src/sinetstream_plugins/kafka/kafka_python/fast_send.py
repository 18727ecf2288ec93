"""The short way of a record into the batch of its partition."""

from __future__ import annotations

from collections import deque
from random import random
from threading import Lock
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.future import Future
from kafka.partitioner import DefaultPartitioner

__all__ = ["shorten", "tell"]

_Way = tuple[TopicPartition, Lock, deque[Any]]  # a partition, the lock of its batches, and those that wait
_AROUND = 128  # bytes, at most, that a record without key and headers is longer than its value

tell = Future._add_cb_eb
"""`tell(future, on_success, on_failure)` is `add_callback` and `add_errback` in one step."""


def shorten(producer: KafkaProducer, topic: str) -> None:
    """Give it a `send` that does less for each record to this topic that has neither key nor headers.

    kafka-python's own takes as long again to look at types and sizes that we know, to make a list of the partitions that have
    a leader, and to put words together that nobody logs. It does what is rare: keys, a partitioner of the user's, errors.

    The thread that sends is woken less often. Without `linger_ms` it sends a batch as soon as it may, and comes back for the next one
    of that partition by itself; with it, a batch that is full is sent early, for which it must be woken.
    """
    accumulator, cluster = producer._accumulator, producer._metadata
    send, append, wake = producer.send, accumulator.append, producer._sender.wakeup
    lingers, room = bool(producer.config["linger_ms"]), producer.config["max_request_size"] - _AROUND
    transactions: Any = producer._transaction_manager
    transactions = transactions if transactions is not None and transactions.is_transactional() else None
    known: tuple[Any, list[_Way]] = None, []

    def quietly(*args: Any, **kwargs: Any) -> tuple[Any, bool, bool, bool]:
        future, is_full, is_new, abort = append(*args, **kwargs)
        return future, is_full and lingers, is_new, abort

    def briefly(
        to: str,
        value: bytes,
        key: bytes | None = None,
        headers: Any = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> Any:
        nonlocal known
        metadata, open_ways = known
        if metadata is not cluster._partitions:  # each answer about the cluster replaces it
            metadata = cluster._partitions
            open_ways = [
                _way(accumulator, topic, number) for number in cluster.available_partitions_for_topic(topic) or ()
            ]
            known = metadata, open_ways
        usual = key is None and not headers and partition is None and to == topic and len(value) <= room
        if not usual or not open_ways or producer._closed:
            return send(to, value, key, headers, partition, timestamp_ms)
        chosen, lock, batches = open_ways[int(random() * len(open_ways))]
        if transactions is not None:
            transactions.maybe_add_partition_to_transaction(chosen)
        if not lingers:
            with lock:  # whoever takes a batch away, to send or to abort it, closes it under this lock
                future = batches[-1].try_append(timestamp_ms, None, value, ()) if batches else None
            if future is not None:
                return future
        future, is_full, is_new, _ = append(chosen, timestamp_ms, None, value, [])
        if (is_new and (lingers or _is_first(batches, future))) or (is_full and lingers):
            wake()
        return future

    accumulator.append = quietly
    if type(producer.config["partitioner"]) is DefaultPartitioner:
        producer.send = briefly


def _way(accumulator: Any, topic: str, number: int) -> _Way:
    partition = TopicPartition(topic, number)
    return partition, accumulator._tp_lock(partition), accumulator._batches[partition]


def _is_first(batches: deque[Any], future: Any) -> bool:
    """Whether the batch that this record began is the one to be sent next."""
    try:
        return batches[0].produce_future is future._produce_future
    except IndexError:  # it is being sent
        return False
