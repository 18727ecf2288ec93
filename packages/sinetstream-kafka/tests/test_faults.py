"""The broker stops, freezes and comes back, under load in both directions."""

import gc
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from kafka.errors import InvalidTxnStateError
from reading import everything
from sinetstream import (
    AsyncMessageReader,
    AsyncMessageWriter,
    ConnectionError,
    InvalidArgumentError,
    MessageReader,
    MessageWriter,
    PublishTimeoutError,
    SinetError,
)

PATIENCE_S = 60.0
PROMPT_S = 3.0  # beyond what close_timeout_ms allows

# kafka-python leaves the socket of a refused attempt to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


def service(broker: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": broker.address()}


def at(line: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": line.address}


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_restart_under_load_loses_nothing(breakable_kafka: Any, consistency: Any) -> None:
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 2)
    stop, confirmed, seen = threading.Event(), set[bytes](), Counter[bytes]()
    changed = threading.Condition()

    def write() -> None:
        number = 0
        with MessageWriter(topic=topic, consistency=consistency, **service(breakable_kafka)) as writer:
            while not stop.is_set():
                number += 1
                try:
                    writer.publish(b"%d" % number)
                except SinetError:
                    continue
                confirmed.add(b"%d" % number)

    def read(message: Any) -> None:
        with changed:
            seen[message.value] += 1
            changed.notify_all()

    options = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest"}
    reader = AsyncMessageReader(topics=topic, consistency=consistency, type_spec=options, **service(breakable_kafka))
    reader.on_message = read
    with reader:
        writing = threading.Thread(target=write)
        writing.start()
        with changed:
            assert changed.wait_for(lambda: len(seen) >= 20, PATIENCE_S)
        breakable_kafka.restart()
        before = len(seen)
        with changed:
            assert changed.wait_for(lambda: len(seen) >= before + 20, PATIENCE_S)
        stop.set()
        writing.join(PATIENCE_S)
        with changed:
            assert changed.wait_for(lambda: confirmed <= set(seen), PATIENCE_S)

    assert not writing.is_alive()
    if consistency == "EXACTLY_ONCE":
        assert [] == [value for value, count in seen.items() if count > 1]


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_frozen_broker_is_waited_for_no_longer_than_asked(breakable_kafka: Any, consistency: Any) -> None:
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 2)
    writer = MessageWriter(
        topic=topic,
        consistency=consistency,
        publish_timeout_ms=2000,
        close_timeout_ms=500,
        **service(breakable_kafka),
    ).open()
    writer.publish(b"before")
    breakable_kafka.freeze()
    began = time.monotonic()
    try:
        with pytest.raises(PublishTimeoutError):
            writer.publish(b"unknown")
        assert time.monotonic() - began < 4
    finally:
        began = time.monotonic()
        writer.close()
        took = time.monotonic() - began
        breakable_kafka.thaw()

    assert took < 0.5 + PROMPT_S


def gone(line: Any) -> None:
    line.refuse()


def silent(line: Any) -> None:
    line.silence()


def test_at_most_once_does_not_wait_for_a_silent_line(kafka_broker: Any, topic: str) -> None:
    with kafka_broker.proxy() as line:
        writer = MessageWriter(topic=topic, consistency="AT_MOST_ONCE", close_timeout_ms=0, **at(line)).open()
        writer.publish(b"before")
        line.silence()
        began = time.monotonic()
        for _ in range(100):
            writer.publish(b"x" * 1000)
        took = time.monotonic() - began
        writer.close()

    assert took < 1


def written_before(line: Any, broken: Any, topic: str, consistency: Any) -> AsyncMessageWriter[bytes]:
    """A writer whose line was broken after its first message."""
    limits: dict[str, Any] = {"publish_timeout_ms": 1000, "close_timeout_ms": 500}
    writer = AsyncMessageWriter(topic=topic, consistency=consistency, **limits, **at(line)).open()
    writer.publish(b"before").get(PATIENCE_S)
    broken(line)
    return writer


@pytest.mark.parametrize("broken", [gone, silent])
@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_closing_is_prompt_while_the_broker_is_away(
    kafka_broker: Any, topic: str, consistency: Any, broken: Any
) -> None:
    before = set(threading.enumerate())
    with kafka_broker.proxy() as line:
        writer = written_before(line, broken, topic, consistency)
        pending = [writer.publish(b"x") for _ in range(20)]
        began = time.monotonic()
        writer.close()
        took = time.monotonic() - began

    assert took < 0.5 + PROMPT_S
    assert all(not promise.is_pending for promise in pending)
    assert {thread for thread in threading.enumerate() if "cut-proxy" not in thread.name} <= before


@pytest.mark.parametrize("broken", [gone, silent])
@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_closing_is_prompt_while_it_connects_anew(kafka_broker: Any, topic: str, consistency: Any, broken: Any) -> None:
    before = set(threading.enumerate())
    with kafka_broker.proxy() as line:
        writer = written_before(line, broken, topic, consistency)
        if consistency == "AT_LEAST_ONCE":
            producer = writer._session.plugin()._sending.producer
            producer._transaction_manager.transition_to_fatal_error(InvalidTxnStateError())
        with pytest.raises(SinetError):
            writer.publish(b"the last of the old connection").get(PATIENCE_S)
        pending = writer.publish(b"the first of the new one")
        began = time.monotonic()
        writer.close()
        took = time.monotonic() - began

    assert took < 0.5 + PROMPT_S
    assert not pending.is_pending
    assert {thread for thread in threading.enumerate() if "cut-proxy" not in thread.name} <= before


def test_replacing_a_producer_that_failed_for_good_rejects_what_is_pending(kafka_broker: Any, topic: str) -> None:
    with (
        kafka_broker.proxy() as line,
        AsyncMessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **at(line)) as writer,
    ):
        writer.publish(b"before").get(PATIENCE_S)
        producer = writer._session.plugin()._sending.producer
        silent(line)
        pending = [writer.publish(b"pending") for _ in range(20)]
        producer._transaction_manager.transition_to_fatal_error(InvalidTxnStateError())
        pending.append(writer.publish(b"refused"))
        errors = [promise.catch(lambda error: error).get(PATIENCE_S) for promise in pending]
        line.resume()
        replaced = [writer.publish(b"after").get(PATIENCE_S)]

    assert [] == [error for error in errors if not isinstance(error, ConnectionError)]
    assert replaced
    assert b"after" in everything(service(kafka_broker), topic)


def test_leaving_a_block_on_a_frozen_broker_takes_no_longer_than_asked(breakable_kafka: Any) -> None:
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    with MessageWriter(
        topic=topic, consistency="EXACTLY_ONCE", publish_timeout_ms=1500, **service(breakable_kafka)
    ) as writer:
        try:
            with pytest.raises(PublishTimeoutError), writer.transaction():  # noqa: PT012  the block is what is tested
                writer.publish(b"unknown")
                breakable_kafka.freeze()
                began = time.monotonic()
            took = time.monotonic() - began
        finally:
            breakable_kafka.thaw()
        with writer.transaction():
            writer.publish(b"next")

    assert took < 1.5 + PROMPT_S
    assert everything(service(breakable_kafka), topic)[-1] == b"next"


def test_a_reader_of_another_cluster_is_refused(kafka_broker: Any, breakable_kafka: Any, topic: str) -> None:
    source = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    reading = {"group_id": f"g-{uuid4().hex}"}
    with (
        MessageReader(
            topics=source, consistency="EXACTLY_ONCE", type_spec=reading, **service(breakable_kafka)
        ) as reader,
        MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service(kafka_broker)) as writer,
    ):
        with pytest.raises(InvalidArgumentError, match="one cluster"), writer.transaction(reader):
            pass
        with writer.transaction():
            writer.publish(b"usable")

    assert [b"usable"] == everything(service(kafka_broker), topic)


def cut(line: Any) -> None:
    line.cut()


@pytest.mark.parametrize("broken", [gone, silent, cut])
def test_nothing_confirmed_is_lost_on_a_bad_line(kafka_broker: Any, new_topic: Any, broken: Any) -> None:
    topic = new_topic(2)
    published, confirmed = set[bytes](), set[bytes]()
    done, stop = threading.Condition(), threading.Event()

    def write(writer: AsyncMessageWriter[Any]) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            value = b"%d" % number
            writer.publish(value, key=value[-1:]).then(lambda _, value=value: count(confirmed, value), lambda _: None)
            count(published, value)
            if number % 50 == 0:
                stop.wait(0.01)  # the load, not a wait for something

    def count(values: set[bytes], value: bytes) -> None:
        with done:
            values.add(value)
            done.notify_all()

    def further(messages: int, values: set[bytes]) -> None:
        with done:
            enough = len(values) + messages
            assert done.wait_for(lambda: len(values) >= enough, PATIENCE_S)

    with (
        kafka_broker.proxy() as line,
        AsyncMessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **at(line)) as writer,
    ):
        writing = threading.Thread(target=write, args=(writer,))
        writing.start()
        try:
            for _ in range(3):
                further(200, confirmed)
                broken(line)
                further(200, published)
                line.resume()
            further(200, confirmed)
        finally:
            stop.set()
            writing.join()

    seen = everything(service(kafka_broker), topic)
    assert confirmed <= set(seen)


def test_the_order_of_each_key_outlives_a_restart_under_load(breakable_kafka: Any) -> None:
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 2)
    keys, stop, confirmed, changed = [b"a", b"b", b"c"], threading.Event(), [0], threading.Condition()

    def count(_: Any) -> None:
        with changed:
            confirmed[0] += 1
            changed.notify_all()

    def further(messages: int) -> None:
        with changed:
            enough = confirmed[0] + messages
            assert changed.wait_for(lambda: confirmed[0] >= enough, PATIENCE_S)

    def write(writer: AsyncMessageWriter[Any]) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            for key in keys:
                writer.publish(key + b"%d" % number, key=key).then(count, lambda _: None)
            if number % 20 == 0:
                stop.wait(0.01)  # the load, not a wait for something

    with AsyncMessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service(breakable_kafka)) as writer:
        writing = threading.Thread(target=write, args=(writer,))
        writing.start()
        try:
            further(200)
            breakable_kafka.restart()
            further(200)
        finally:
            stop.set()
            writing.join()

    seen = everything(service(breakable_kafka), topic)
    for key in keys:
        numbers = [int(value[1:]) for value in dict.fromkeys(seen) if value.startswith(key)]
        assert numbers
        assert sorted(numbers) == numbers


def test_a_broker_that_is_gone_fails_within_ten_seconds(breakable_kafka: Any) -> None:
    breakable_kafka.stop()
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="refused"):
        MessageWriter(topic="t", **service(breakable_kafka)).open()

    assert time.monotonic() - began < 10.5
