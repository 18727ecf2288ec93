"""One producer: connected, and closed whatever state it is in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from kafka.errors import KafkaTimeoutError
from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.options.client_options import Options
from sinetstream_plugins.kafka.probe.advertised_listeners import Advertised
from sinetstream_plugins.kafka.probe.bootstrap import reach

__all__ = ["close", "connect"]

T = TypeVar("T")

_CLOSE_S = 2.0
_SLICE_MS = 200


def connect(options: Options, topic: str, stop: threading.Event, *, resume: Any = None) -> Producer:
    """A producer that knows the topic, so that no `send` waits for it; with `resume`, the `producer_id_and_epoch` of an earlier one,
    it goes on as that one, or raises kafka-python's `ProducerFencedError` where another has taken over its transactional id.

    Raises `ConnectionError` where the cluster does not answer in time, and soon after `stop` is set.
    """
    reach(options.brokers, options.client, stop)
    settings = dict(options.client)
    settings.setdefault("max_block_ms", settings["bootstrap_timeout_ms"])
    try:
        producer = Producer(settings, stop)
    except KafkaTimeoutError as error:
        raise ConnectionError(f"the cluster did not answer in time: {error}") from error
    advertised = Advertised(producer.cluster)
    try:
        try:
            _call_in_slices(producer, stop, partial(producer.partitions_for, topic))
        except KafkaTimeoutError as error:
            advertised.refuse_silent()
            raise ConnectionError(f"topic {topic!r}: the broker did not say in time where it is") from error
        if options.client.get("transactional_id"):
            if resume is not None:
                producer.prepare_to_resume(resume)
            try:
                _call_in_slices(producer, stop, producer.init_transactions)
            except KafkaTimeoutError as error:
                raise ConnectionError("the broker that coordinates transactions did not answer in time") from error
    except BaseException:
        close(producer, 0)
        raise
    producer.max_block_ms = 0  # a topic that is deleted later fails a `send` at once
    return producer


def close(producer: Producer, timeout: float = _CLOSE_S) -> None:
    """Close it and end its thread; what is not sent by then has failed."""
    try:
        producer.close(timeout=timeout)
    except KafkaTimeoutError:  # then it has closed nothing
        producer.end_sender_thread(_CLOSE_S)
        with suppress(KafkaTimeoutError):
            producer.close(timeout=0)
    producer.end_sender_thread(_CLOSE_S)


def _call_in_slices(producer: Producer, stop: threading.Event, call: Callable[[], T]) -> T:
    limit_ms = producer.max_block_ms
    until = time.monotonic() + limit_ms / 1000
    producer.max_block_ms = _SLICE_MS
    try:
        while True:
            try:
                return call()
            except KafkaTimeoutError:
                if stop.is_set():
                    raise ConnectionError("the writer was closed while it was connecting") from None
                if time.monotonic() >= until:
                    raise
    finally:
        producer.max_block_ms = limit_ms
