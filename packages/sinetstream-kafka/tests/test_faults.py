"""The broker stops, freezes and comes back, under load in both directions."""

import gc
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sinetstream import AsyncMessageReader, ConnectionError, MessageWriter, PublishTimeoutError, SinetError

PATIENCE_S = 60.0

# kafka-python leaves the socket of a refused attempt to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


def service(broker: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": broker.address()}


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_restart_under_load_loses_nothing(breakable_kafka: Any, consistency: str) -> None:
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
def test_a_frozen_broker_is_waited_for_no_longer_than_asked(breakable_kafka: Any, consistency: str) -> None:
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

    assert took < 15


def test_a_broker_that_is_gone_fails_within_ten_seconds(breakable_kafka: Any) -> None:
    breakable_kafka.stop()
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="refused"):
        MessageWriter(topic="t", **service(breakable_kafka)).open()

    assert time.monotonic() - began < 10.5
