"""Seeking, and what a seek that fails leaves behind."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError
from reading import EARLIEST, Service, committed, eventually, group, write
from sinetstream import ConnectionError, InvalidArgumentError, MessageReader, MessageWriter, SinetError


def test_seeking_moves_to_the_beginning_the_end_and_a_time(service: Service, new_topic: Callable[..., str]) -> None:
    topic, options = new_topic(2, retention_ms="-1"), {"record_time": "message"}
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", type_spec=options, **service) as writer:
        for number in range(10):
            writer.publish(b"%d" % number, timestamp=1000.0 + number)
    with MessageReader(topics=topic, receive_timeout_ms=1000, **group(), **service) as reader:
        reader.seek_to_beginning()
        assert len(list(reader)) == 10
        reader.seek_to_time(1007)
        assert sorted(message.value for message in reader) == [b"7", b"8", b"9"]
        reader.seek_to_beginning()
        reader.seek_to_end()
        assert [] == list(reader)


def test_a_time_before_1970_is_refused_and_reading_goes_on(service: Service, topic: str) -> None:
    values = write(service, topic, 20, key="one")
    with MessageReader(topics=topic, receive_timeout_ms=2000, type_spec=EARLIEST, **service) as reader:
        seen = [next(reader).value for _ in range(5)]
        with pytest.raises(InvalidArgumentError, match="1970"):
            reader.seek_to_time(-1)
        seen += [message.value for message in reader]

    assert values == seen


@pytest.mark.parametrize("seek", ["seek_to_beginning", "seek_to_end", "seek_to_time"])
def test_a_seek_that_fails_moves_nothing(breakable_kafka: Any, seek: str) -> None:
    ours: Service = {"no_config": True, "type": "kafka", "brokers": breakable_kafka.address()}
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    values = write(ours, topic, 20)
    with MessageReader(
        topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=8000, **group(**EARLIEST), **ours
    ) as reader:
        seen = [next(reader).value for _ in range(5)]
        breakable_kafka.freeze()
        try:
            began = time.monotonic()
            with pytest.raises(ConnectionError):
                getattr(reader, seek)(*([1_000_000] if seek == "seek_to_time" else []))
            assert time.monotonic() - began < 8
        finally:
            breakable_kafka.thaw()
        seen += [next(reader).value for _ in range(15)]

    assert values == seen


def test_a_seek_that_cannot_be_committed_moves_nothing(breakable_kafka: Any) -> None:
    """Nor does the group stay where the seek would have gone, though the broker gets to know that later."""
    topic, reading = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1), group(**EARLIEST)
    with breakable_kafka.proxy() as line:
        ours: Service = {"no_config": True, "type": "kafka", "brokers": line.address}
        values = write(ours, topic, 20)

        def find(client: KafkaConsumer, partitions: set[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
            ends: dict[TopicPartition, int] = client.end_offsets(partitions, timeout_ms=timeout_ms)
            line.silence()
            return ends

        with MessageReader(
            topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=30_000, **reading, **ours
        ) as reader:
            seen = [next(reader).value for _ in range(5)]
            (state,) = reader._plugin._consumer._member.assignment.states()
            assert eventually(lambda: state.committed == 4)
            with pytest.raises(KafkaTimeoutError):
                reader._plugin._consumer.seek(find)
            line.resume()
            assert eventually(lambda: state.committed == 4, 30)
            assert committed(ours, topic, reading["type_spec"]["group_id"], 1) == 4
            seen += [next(reader).value for _ in range(15)]

    assert values == seen


def test_at_the_end_is_what_is_committed(service: Service, new_topic: Callable[..., str]) -> None:
    """A reader of committed messages gets those of a transaction that was open when it went there."""
    topic = new_topic(1)
    with (
        MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service) as writer,
        MessageReader(
            topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **group(), **service
        ) as reader,
    ):
        writer.publish(b"before")
        with writer.transaction():
            writer.publish(b"open")
            reader.seek_to_end()

        assert next(reader).value == b"open"


def test_closing_does_not_wait_for_a_seek(breakable_kafka: Any) -> None:
    ours: Service = {"no_config": True, "type": "kafka", "brokers": breakable_kafka.address()}
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    reader = MessageReader(topics=topic, **ours).open()
    breakable_kafka.freeze()
    try:
        failed: list[Exception] = []

        def seek() -> None:
            try:
                reader.seek_to_time(1_000_000)
            except SinetError as error:
                failed.append(error)

        seeking = threading.Thread(target=seek)
        seeking.start()
        assert eventually(lambda: not reader._plugin._consumer._calls)
        began = time.monotonic()
        reader.close()
        seeking.join(5)
        took = time.monotonic() - began
    finally:
        breakable_kafka.thaw()

    assert took < 4
    assert len(failed) == 1
