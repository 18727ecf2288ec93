"""One kafka-python producer: connected, watched for the states it never leaves, and closed whatever state it is in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.errors import KafkaConnectionError, KafkaTimeoutError, ProducerFencedError
from kafka.net.compat import KafkaNetClient
from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.kafka_python.batch_errors import forgive
from sinetstream_plugins.kafka.kafka_python.fast_send import shorten
from sinetstream_plugins.kafka.options.client_options import Options
from sinetstream_plugins.kafka.probe.advertised_listeners import Advertised
from sinetstream_plugins.kafka.probe.bootstrap import reach

__all__ = ["Record", "close", "connect", "disown", "fatal_error", "fenced"]

T = TypeVar("T")

_CLOSE_S = 2.0
_SLICE_MS = 200
_CLOSED = "the writer was closed while it was connecting"

Record = tuple[bytes, bytes | None, list[tuple[str, bytes]] | None, None, int | None]


def connect(options: Options, topic: str, stop: threading.Event) -> KafkaProducer:
    """A producer that knows the topic, so that no `send` waits for it.

    Raises `ConnectionError` where the cluster does not answer in time, and soon after `stop` is set.
    """
    reach(options.brokers, options.client, stop)
    settings = dict(options.client)
    settings.setdefault("max_block_ms", settings["bootstrap_timeout_ms"])
    settings["kafka_client"] = partial(_bootstrapped, stop, settings.get("kafka_client", KafkaNetClient))
    try:
        producer = KafkaProducer(**settings)
    except KafkaTimeoutError as error:
        raise ConnectionError(f"the cluster did not answer in time: {error}") from error
    producer._metadata.config["retry_backoff_ms"] = settings["retry_backoff_ms"]  # it does not pass this on
    advertised = Advertised(producer._metadata)
    try:
        try:
            _in_slices(producer, stop, partial(producer.partitions_for, topic))
        except KafkaTimeoutError as error:
            advertised.refuse_silent()
            raise ConnectionError(f"topic {topic!r}: the broker did not say in time where it is") from error
        if options.client.get("transactional_id"):
            try:
                _in_slices(producer, stop, producer.init_transactions)
            except KafkaTimeoutError as error:
                raise ConnectionError("the broker that coordinates transactions did not answer in time") from error
    except BaseException:
        close(producer, 0)
        raise
    producer.config["max_block_ms"] = 0  # a topic that is deleted later fails a `send` at once
    forgive(producer)
    shorten(producer, topic)
    return producer


def fatal_error(producer: KafkaProducer) -> Exception | None:
    """The error after which an idempotent producer refuses everything, for ever."""
    manager: Any = producer._transaction_manager
    return manager.last_error if manager is not None and manager.has_fatal_error() else None


def fenced(error: BaseException | None) -> bool:
    """Whether another writer has taken over the transactional id."""
    return isinstance(error, ProducerFencedError) or (error is not None and fenced(error.__cause__))


def close(producer: KafkaProducer, timeout: float = _CLOSE_S) -> None:
    """Leaves no thread; what is not sent by then has failed."""
    try:
        producer.close(timeout=timeout)
    except KafkaTimeoutError:  # then it has closed nothing
        _end(producer._sender)
        with suppress(KafkaTimeoutError):
            producer.close(timeout=0)
    if producer._sender.is_alive():
        _end(producer._sender)


def disown(producer: KafkaProducer) -> None:
    """In a forked child: nothing closes it there, neither when it is collected nor at the end of the process."""
    producer._closed = True
    producer._unregister_cleanup()


def _end(sender: Any) -> None:
    def hang_up() -> None:
        for connection in list(sender._client._manager._conns.values()):
            connection.close(KafkaConnectionError("the producer is closed"))

    sender.force_close()
    with suppress(RuntimeError):  # it has just ended
        sender._client._net.call_soon_threadsafe(hang_up)  # it may be waiting for a broker that does not answer
    if sender is not threading.current_thread():
        sender.join(_CLOSE_S)


def _bootstrapped(stop: threading.Event, make: Callable[..., Any], **config: Any) -> Any:
    client = make(**config)
    manager = client._manager
    if manager.broker_version_data is None:
        future = manager.bootstrap_async(config["bootstrap_timeout_ms"])
        while not future.is_done and not stop.is_set():
            client.poll(timeout_ms=_SLICE_MS, future=future)
        if not future.succeeded():
            client.close()
            raise future.exception or ConnectionError(_CLOSED)
    return client


def _in_slices(producer: KafkaProducer, stop: threading.Event, call: Callable[[], T]) -> T:
    limit_ms = producer.config["max_block_ms"]
    deadline = time.monotonic() + limit_ms / 1000
    producer.config["max_block_ms"] = _SLICE_MS
    try:
        while True:
            try:
                return call()
            except KafkaTimeoutError:
                if stop.is_set():
                    raise ConnectionError(_CLOSED) from None
                if time.monotonic() >= deadline:
                    raise
    finally:
        producer.config["max_block_ms"] = limit_ms
