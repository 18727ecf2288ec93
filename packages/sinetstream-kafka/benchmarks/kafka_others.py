"""The published plugin's and confluent-kafka's sides of the benchmark: one task a line in, seconds out.

Runs where those are installed, and kafka-python is not.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import sinetstream

_PATIENCE_S = 60.0
_TRIES = 4


class Published:
    """The published SINETStream, with user data only, as ours is measured."""

    def __init__(self, address: str) -> None:
        self._given: dict[str, Any] = {
            "no_config": True,
            "type": "kafka",
            "brokers": address,
            "consistency": "AT_LEAST_ONCE",
            "user_data_only": True,
        }

    def write(self, topic: str, value: bytes, count: int) -> float:
        for _ in range(_TRIES):
            with suppress(AssertionError):  # its `then` raises where the promise is settled in this very moment
                return self._write(topic, value, count)
        return self._write(topic, value, count)

    def _write(self, topic: str, value: bytes, count: int) -> float:
        ended, wait = _counter(count)
        with sinetstream.AsyncMessageWriter(topic=topic, **self._given) as writer:
            writer.publish(value).get(_PATIENCE_S)  # it asks for the topic only now
            began = time.perf_counter()
            for _ in range(count):
                writer.publish(value).then(ended, ended)
            wait()
            return time.perf_counter() - began

    def wait(self, topic: str, value: bytes, count: int) -> float:
        with sinetstream.MessageWriter(topic=topic, **self._given) as writer:
            writer.publish(value)
            return _each(lambda: writer.publish(value), count)

    def read(self, topic: str, _value: bytes, count: int) -> float:
        earliest = {"auto_offset_reset": "earliest"}
        with sinetstream.MessageReader(topics=topic, type_spec=earliest, **self._given) as reader:
            messages = iter(reader)
            next(messages)
            return _each(lambda: next(messages).value, count - 1)


class Confluent:
    """confluent-kafka, whose work is done in C."""

    def __init__(self, address: str) -> None:
        self._given = {"bootstrap.servers": address}

    def write(self, topic: str, value: bytes, count: int) -> float:
        producer = self._producer(topic, value)
        ended, _ = _counter(count)
        began = time.perf_counter()
        for _ in range(count):
            producer.produce(topic, value, on_delivery=ended)
            producer.poll(0)
        producer.flush(_PATIENCE_S)
        return time.perf_counter() - began

    def wait(self, topic: str, value: bytes, count: int) -> float:
        producer = self._producer(topic, value)

        def publish() -> None:
            producer.produce(topic, value)
            producer.flush(_PATIENCE_S)

        return _each(publish, count)

    def read(self, topic: str, _value: bytes, count: int) -> float:
        from confluent_kafka import Consumer  # noqa: PLC0415  not where the benchmarks are found

        consumer = Consumer(
            self._given
            | {"group.id": uuid4().hex, "auto.offset.reset": "earliest", "enable.auto.commit": False}
            | {"isolation.level": "read_committed"}
        )
        consumer.subscribe([topic])
        got = len(consumer.consume(1, _PATIENCE_S))
        began = time.perf_counter()
        while got < count:
            got += sum(message.value() is not None for message in consumer.consume(500, 0.1))
        took = time.perf_counter() - began
        consumer.close()
        return took

    def _producer(self, topic: str, value: bytes) -> Any:
        from confluent_kafka import Producer  # noqa: PLC0415  as above

        producer = Producer(self._given | {"enable.idempotence": True, "log_level": 2})
        producer.produce(topic, value)
        producer.flush(_PATIENCE_S)
        return producer


def _counter(count: int) -> tuple[Callable[..., None], Callable[[], object]]:
    done, all_done = [0], threading.Event()

    def ended(*_: object) -> None:
        done[0] += 1
        if done[0] == count:
            all_done.set()

    return ended, lambda: all_done.wait(_PATIENCE_S)


def _each(work: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        work()
    return time.perf_counter() - began


def main() -> None:
    sides = {"published": Published(sys.argv[1]), "confluent": Confluent(sys.argv[1])}
    for line in sys.stdin:
        task = json.loads(line)
        work = getattr(sides[task["side"]], task["way"])
        print(work(task["topic"], b"\x5a" * task["size"], task["count"]), flush=True)


if __name__ == "__main__":
    main()
