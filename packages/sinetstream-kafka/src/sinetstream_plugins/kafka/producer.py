"""One kafka-python producer: connected, watched for the states it never leaves, and closed whatever state it is in."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError, ProducerFencedError
from sinetstream.errors import ConnectionError

from sinetstream_plugins.kafka.diagnosis import reach
from sinetstream_plugins.kafka.options import Options

__all__ = ["Record", "close", "connect", "fatal_error", "fenced"]

_CLOSE_S = 2.0
_BACKOFF_MS = 20  # kafka-python waits so long for what it does not know yet, such as a topic

Record = tuple[bytes, bytes | None, list[tuple[str, bytes]] | None, None, int | None]


def connect(options: Options, topic: str) -> KafkaProducer:
    """A producer that knows the topic, so that no `send` waits for it."""
    reach(options.brokers, options.client)
    settings: dict[str, Any] = {"retry_backoff_ms": _BACKOFF_MS, **options.client}
    settings.setdefault("max_block_ms", settings["bootstrap_timeout_ms"])
    producer = KafkaProducer(**settings)
    producer._metadata.config["retry_backoff_ms"] = settings["retry_backoff_ms"]  # it does not pass this on
    try:
        try:
            if options.client.get("transactional_id"):
                producer.init_transactions()
            producer.partitions_for(topic)
        except KafkaTimeoutError as error:
            raise ConnectionError(f"topic {topic!r}: the broker did not say in time where it is") from error
    except BaseException:
        close(producer)
        raise
    producer.config["max_block_ms"] = 0  # a topic that is deleted later fails a `send` at once
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
        producer._sender.force_close()
        producer._sender.join(_CLOSE_S)
        producer.close(timeout=0)
    if producer._sender.is_alive():
        producer._sender.force_close()
        producer._sender.join(_CLOSE_S)
