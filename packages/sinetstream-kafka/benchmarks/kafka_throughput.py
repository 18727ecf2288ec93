"""The plugin beside bare kafka-python with the same settings, on the broker that SINETSTREAM_TEST_KAFKA names."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer
from rows import Row, alternate
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter

__all__ = ["run"]

_ADDRESS = os.environ.get("SINETSTREAM_TEST_KAFKA", "")
_WRITING = {100: 0.8, 1000: 0.85, 100_000: 0.95}
_ITERATING = {100: 0.9, 1000: 1.0, 100_000: 1.0}
_POLLING = 0.7
_LATENCY = 1.1
_BYTES = 40_000_000
_MOST = 20_000
_PLAIN: dict[str, Any] = {"user_data_only": True}
_SECURE: dict[str, Any] = {
    "data_encryption": True,
    "crypto": {"algorithm": "AES", "mode": "GCM", "key_length": 128, "password": "benchmark"},
}


def run(quick: bool) -> list[Row]:
    if not _ADDRESS:
        why = "needs SINETSTREAM_TEST_KAFKA: tools/hatch run brokers up kafka"
        return [Row(name="kafka", unit="times", target=None, measured=None, note=why)]
    rounds = 1 if quick else 5
    rows: list[Row] = []
    for size, target in _WRITING.items():
        count = 100 if quick else min(_MOST, _BYTES // size)
        rows += _writing(size, count, rounds, target)
        rows += _reading(size, count, rounds)
    return [*rows, _latency(20 if quick else 200, rounds)]


def _service(**more: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": _ADDRESS, "consistency": "AT_LEAST_ONCE", **more}


def _writing(size: int, count: int, rounds: int, target: float) -> list[Row]:
    value, topic = b"\x5a" * size, f"bench-{uuid4().hex}"
    rows = []
    with _producer() as producer, MessageWriter(topic=topic, **_service(**_PLAIN)) as many:
        bare = _bare_publish(producer, topic, value, count)
        for name, how, wanted, settings in (
            ("async publish", _async_publish, target, _PLAIN),
            ("async publish, format 3", _async_publish, None, {}),
            ("async publish, AES-GCM", _async_publish, None, _SECURE),
        ):
            with AsyncMessageWriter(
                topic=topic, max_pending_bytes=2 * _BYTES + 10**7, **_service(**settings)
            ) as writer:
                rows.append(_rate(f"kafka {name}, {size} B", wanted, rounds, how(writer, value, count), bare))
        values = [value] * count

        def publish_many() -> float:
            began = time.perf_counter()
            many.publish_many(values)
            return time.perf_counter() - began

        rows.append(_rate(f"kafka publish_many, {size} B", target, rounds, publish_many, bare))
    return rows


def _producer() -> Any:
    return KafkaProducer(bootstrap_servers=_ADDRESS, acks=-1, enable_idempotence=True)


def _bare_publish(producer: Any, topic: str, value: bytes, count: int) -> Callable[[], float]:
    def publish() -> float:
        done, all_done = [0], threading.Event()

        def ended(_: object) -> None:
            done[0] += 1
            if done[0] == count:
                all_done.set()

        began = time.perf_counter()
        for _ in range(count):
            future = producer.send(topic, value)
            future.add_callback(ended)
            future.add_errback(ended)
        all_done.wait()
        return time.perf_counter() - began

    return publish


def _async_publish(writer: AsyncMessageWriter[bytes], value: bytes, count: int) -> Callable[[], float]:
    def publish() -> float:
        done, all_done = [0], threading.Event()

        def ended(_: object) -> None:
            done[0] += 1
            if done[0] == count:
                all_done.set()

        began = time.perf_counter()
        for _ in range(count):
            writer.publish(value).then(ended, ended)
        all_done.wait()
        return time.perf_counter() - began

    return publish


def _reading(size: int, count: int, rounds: int) -> list[Row]:
    value, topic = b"\x5a" * size, f"bench-{uuid4().hex}"
    with MessageWriter(topic=topic, **_service(**_PLAIN)) as writer:
        writer.publish_many([value] * count)
    options = {"auto_offset_reset": "earliest"}

    def ours() -> float:
        with MessageReader(topics=topic, type_spec=options, **_service(**_PLAIN)) as reader:
            next(reader)
            began = time.perf_counter()
            for _ in range(count - 1):
                next(reader)
            return time.perf_counter() - began

    def iterating() -> float:
        with _consumer(topic) as consumer:
            next(consumer)
            began = time.perf_counter()
            for _ in range(count - 1):
                next(consumer)
            return time.perf_counter() - began

    def polling() -> float:
        with _consumer(topic) as consumer:
            got = 0
            while not got:
                got = sum(map(len, consumer.poll(1000).values()))
            first, began = got, time.perf_counter()
            while got < count:
                for records in consumer.poll(1000).values():
                    for record in records:
                        got += record.value is not None
            return (time.perf_counter() - began) * (count - 1) / max(1, count - first)

    return [
        _rate(f"kafka reader beside iteration, {size} B", _ITERATING[size], rounds, ours, iterating),
        _rate(f"kafka reader beside poll(), {size} B", _POLLING, rounds, ours, polling),
    ]


def _consumer(topic: str) -> Any:
    return KafkaConsumer(
        topic,
        bootstrap_servers=_ADDRESS,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )


def _rate(name: str, target: float | None, rounds: int, ours: Callable[[], float], bare: Callable[[], float]) -> Row:
    mine, others = alternate(rounds, ours, bare)
    best, median = others.times(mine)
    return Row(
        name=name,
        unit="times",
        target=target,
        measured=best,
        median=median,
        at_least=True,
        note="bare kafka-python's rate",
    )


def _latency(count: int, rounds: int) -> Row:
    topic, value = f"bench-{uuid4().hex}", b"\x5a" * 100
    with _producer() as producer, MessageWriter(topic=topic, **_service(**_PLAIN)) as writer:

        def ours() -> float:
            began = time.perf_counter()
            for _ in range(count):
                writer.publish(value)
            return time.perf_counter() - began

        def bare() -> float:
            began = time.perf_counter()
            for _ in range(count):
                producer.send(topic, value).get()
            return time.perf_counter() - began

        mine, others = alternate(rounds, ours, bare)
    best, median = mine.times(others)
    return Row(
        name="kafka publish, one at a time, 100 B",
        unit="times",
        target=_LATENCY,
        measured=best,
        median=median,
        note="bare send().get()",
    )
