"""Writing to and reading from a real broker: the plugin beside bare kafka-python with the same settings, and others."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import peer
from broker import address_of
from kafka import KafkaConsumer, KafkaProducer
from rows import Row, Samples, alternate
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter

__all__ = ["run"]

_WRITING = {100: 0.8, 1000: 0.85, 100_000: 0.95}
_ITERATING = {100: 0.9, 1000: 1.0, 100_000: 1.0}
_POLLING = 0.7
_LATENCY = 1.1
_BYTES = 40_000_000
_MOST = 20_000
_ROUNDS = 11
_FEW = 5  # for what stands beside, for information
_ROOM = 2 * _BYTES + 10**7
_OTHERS = f"sinetstream-kafka=={peer.VERSION}", "confluent-kafka"
_PLAIN: dict[str, Any] = {"user_data_only": True}
_SECURE: dict[str, Any] = {
    "data_encryption": True,
    "crypto": {"algorithm": "AES", "mode": "GCM", "key_length": 128, "password": "benchmark"},
}

Timed = Callable[[], float]


def run(quick: bool) -> list[Row]:
    program = Path(__file__).with_name("kafka_others.py")
    with address_of("kafka") as address, peer.Side(peer.python(*_OTHERS), program, address) as others:
        rounds = 1 if quick else _ROUNDS
        rows: list[Row] = []
        for size in _WRITING:
            count = 100 if quick else min(_MOST, _BYTES // size)
            rows += _writing(address, others, size, count, rounds)
            rows += _reading(address, others, size, count, rounds)
        return [*rows, *_latency(address, others, 20 if quick else 200, rounds)]


def _service(address: str, **more: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": address, "consistency": "AT_LEAST_ONCE", **more}


def _other(others: peer.Side, side: str, way: str, topic: str, size: int, count: int) -> Timed:
    task = {"side": side, "way": way, "topic": topic, "size": size, "count": count}
    return lambda: float(others.ask(task))


def _rate(name: str, target: float | None, ours: Samples, other: Samples, count: int, what: str) -> Row:
    best, median = other.times(ours)
    words = f"{ours.best / count * 1e6:.1f} µs; {what}: {other.best / count * 1e6:.1f} µs"
    return Row(name=name, unit="times", target=target, measured=best, median=median, at_least=True, note=words)


# -- writing


def _writing(address: str, others: peer.Side, size: int, count: int, rounds: int) -> Iterator[Row]:
    value, topic = b"\x5a" * size, f"bench-{uuid4().hex}"

    def writer(**settings: Any) -> AsyncMessageWriter[bytes]:
        return AsyncMessageWriter(topic=topic, max_pending_bytes=_ROOM, **_service(address, **settings))

    with (
        _producer(address) as producer,
        MessageWriter(topic=topic, **_service(address, **_PLAIN)) as many,
        writer(**_PLAIN) as plain,
        writer() as framed,
        writer(**_SECURE) as secure,
    ):
        bare, ours, ours_many, format_3, encrypted, published, confluent = alternate(
            rounds,
            _bare_publish(producer, topic, value, count),
            _async_publish(plain, value, count),
            _publish_many(many, value, count),
            beside=(
                _async_publish(framed, value, count),
                _async_publish(secure, value, count),
                _other(others, "published", "write", topic, size, count),
                _other(others, "confluent", "write", topic, size, count),
            ),
            few=_FEW,
        )
    target, what = _WRITING[size], "bare kafka-python"
    yield _rate(f"kafka async publish, {size} B", target, ours, bare, count, what)
    yield _rate(f"kafka publish_many, {size} B", target, ours_many, bare, count, what)
    yield _rate(f"kafka async publish, format 3, {size} B", None, format_3, bare, count, what)
    yield _rate(f"kafka async publish, AES-GCM, {size} B", None, encrypted, bare, count, what)
    yield _rate(f"kafka async publish, {size} B, and 1.10.0", None, ours, published, count, "1.10.0 (acks=1)")
    yield _rate(f"kafka async publish, {size} B, upper mark", None, ours, confluent, count, "confluent-kafka")


def _producer(address: str) -> Any:
    return KafkaProducer(bootstrap_servers=address, acks=-1, enable_idempotence=True)


def _ends(count: int) -> tuple[Callable[[object], None], Callable[[], object]]:
    done, all_done = [0], threading.Event()

    def ended(_: object) -> None:
        done[0] += 1
        if done[0] == count:
            all_done.set()

    return ended, all_done.wait


def _bare_publish(producer: Any, topic: str, value: bytes, count: int) -> Timed:
    def publish() -> float:
        ended, wait = _ends(count)
        began = time.perf_counter()
        for _ in repeat(None, count):
            future = producer.send(topic, value)
            future.add_callback(ended)
            future.add_errback(ended)
        wait()
        return time.perf_counter() - began

    return publish


def _async_publish(writer: AsyncMessageWriter[bytes], value: bytes, count: int) -> Timed:
    def publish() -> float:
        ended, wait = _ends(count)
        began = time.perf_counter()
        for _ in repeat(None, count):
            writer.publish(value).then(ended, ended)
        wait()
        return time.perf_counter() - began

    return publish


def _publish_many(writer: MessageWriter[bytes], value: bytes, count: int) -> Timed:
    values = [value] * count

    def publish() -> float:
        began = time.perf_counter()
        writer.publish_many(values)
        return time.perf_counter() - began

    return publish


# -- reading


def _reading(address: str, others: peer.Side, size: int, count: int, rounds: int) -> Iterator[Row]:
    value, topic = b"\x5a" * size, f"bench-{uuid4().hex}"
    with MessageWriter(topic=topic, **_service(address, **_PLAIN)) as writer:
        writer.publish_many([value] * count)
    ours, iterating, polling, published, confluent = alternate(
        rounds,
        lambda: _read(address, topic, count),
        lambda: _iterate(address, topic, count),
        lambda: _poll(address, topic, count),
        beside=(
            _other(others, "published", "read", topic, size, count),
            _other(others, "confluent", "read", topic, size, count),
        ),
        few=_FEW,
    )
    yield _rate(f"kafka reader, {size} B", _ITERATING[size], ours, iterating, count, "bare iteration")
    yield _rate(f"kafka reader beside poll(), {size} B", _POLLING, ours, polling, count, "a bare poll() loop")
    yield _rate(f"kafka reader, {size} B, and 1.10.0", None, ours, published, count, "1.10.0")
    yield _rate(f"kafka reader, {size} B, upper mark", None, ours, confluent, count, "confluent-kafka")


def _read(address: str, topic: str, count: int) -> float:
    options = {"auto_offset_reset": "earliest"}
    with MessageReader(topics=topic, type_spec=options, **_service(address, **_PLAIN)) as reader:
        return _iteration(reader, count)


def _iterate(address: str, topic: str, count: int) -> float:
    with _consumer(address, topic) as consumer:
        return _iteration(consumer, count)


def _iteration(records: Iterator[Any], count: int) -> float:
    """How long the messages take after the first."""
    next(records)
    began = time.perf_counter()
    for _ in repeat(None, count - 1):
        next(records).value  # noqa: B018  as an application would
    return time.perf_counter() - began


def _poll(address: str, topic: str, count: int) -> float:
    with _consumer(address, topic) as consumer:
        got = 0
        while not got:
            got = sum(map(len, consumer.poll(1000).values()))
        first, began = got, time.perf_counter()
        while got < count:
            for records in consumer.poll(1000).values():
                for record in records:
                    got += record.value is not None
        return (time.perf_counter() - began) * (count - 1) / max(1, count - first)


def _consumer(address: str, topic: str) -> Any:
    return KafkaConsumer(
        topic,
        bootstrap_servers=address,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )


# -- waiting for each


def _latency(address: str, others: peer.Side, count: int, rounds: int) -> Iterator[Row]:
    topic, value = f"bench-{uuid4().hex}", b"\x5a" * 100
    with _producer(address) as producer, MessageWriter(topic=topic, **_service(address, **_PLAIN)) as writer:

        def timed(work: Callable[[], object]) -> Timed:
            def each() -> float:
                began = time.perf_counter()
                for _ in repeat(None, count):
                    work()
                return time.perf_counter() - began

            return each

        ours, bare, published, confluent = alternate(
            rounds,
            timed(lambda: writer.publish(value)),
            timed(lambda: producer.send(topic, value).get()),
            beside=(
                _other(others, "published", "wait", topic, 100, count),
                _other(others, "confluent", "wait", topic, 100, count),
            ),
            few=_FEW,
        )
    name = "kafka publish, one at a time, 100 B"
    for also, other, target, what in (
        ("", bare, _LATENCY, "bare send().get()"),
        (", and 1.10.0", published, None, "1.10.0 (acks=1)"),
        (", upper mark", confluent, None, "confluent-kafka"),
    ):
        best, median = ours.times(other)
        words = f"{ours.best / count * 1e6:.0f} µs; {what}: {other.best / count * 1e6:.0f} µs"
        yield Row(name=name + also, unit="times", target=target, measured=best, median=median, note=words)
