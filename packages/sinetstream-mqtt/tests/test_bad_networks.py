"""Broker restarts, frozen brokers, cut and silent lines: what was confirmed is read, and reading resumes by itself."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.errors import ConnectionError, PublishTimeoutError, SinetError

sys.path.append(str(Path(__file__).parent))

from lossy_proxy import LossyProxy

if TYPE_CHECKING:
    from tools.brokers import CutProxy, MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]
SOON = {"reconnect_delay": {"min_delay": 0.05, "max_delay": 0.5}, "connection_timeout": 2}
FINISHED = {"AT_LEAST_ONCE": 1, "EXACTLY_ONCE": 2}


@pytest.fixture
def proxy(mosquitto_broker: "MosquittoBroker") -> Iterator["CutProxy"]:
    with mosquitto_broker.proxy() as proxy:
        yield proxy


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_cut_lines_of_both_lose_nothing_and_at_qos_2_double_nothing(
    mosquitto_broker: "MosquittoBroker",
    proxy: "CutProxy",
    parameters: Made,
    topic: str,
    protocol: str,
    consistency: str,
) -> None:
    given = parameters(proxy.address, consistency, protocol=protocol, **SOON)
    values = [str(number) for number in range(300)]
    with (
        MessageReader(topics=topic, client_id=topic[-20:], receive_timeout_ms=3000, **given) as reader,
        AsyncMessageWriter(topic=topic, **given) as writer,
    ):
        promises = []
        for number, value in enumerate(values):
            promises.append(writer.publish(value))
            if number in (50, 150, 250):
                promises[number // 2].wait(10)
                proxy.cut()
        seen = []
        for message in reader:
            seen.append(message.value)
            if len(seen) in (100, 200):
                proxy.cut()
        for promise in promises:
            promise.wait(10)
        confirmed = [value for value, promise in zip(values, promises, strict=True) if promise.is_fulfilled]

        assert confirmed == values
        assert set(values) <= set(seen)
        if consistency == "EXACTLY_ONCE":
            assert values == seen


def test_an_acknowledgement_of_a_lost_connection_is_given_on_the_next_without_showing_the_message_again(
    proxy: "CutProxy", mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    with (
        MessageReader(
            topics=topic, client_id=topic[-20:], receive_timeout_ms=1000, **parameters(proxy.address, **SOON)
        ) as reader,
        MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as writer,
    ):
        writer.publish_many(["a", "b"])
        assert "a" == next(reader).value
        proxy.refuse()
        _until(lambda: reader.info("mqtt.state") == "lost")
        assert "b" == next(reader).value  # finishes a, while there is no connection
        proxy.resume()
        assert [] == [message.value for message in reader]
        _until(lambda: reader.info("mqtt.unfinished") == 0)


@pytest.mark.parametrize("way", ["restart", "kill", "freeze"])
@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_a_broker_that_comes_back_is_read_from_and_written_to_again(
    breakable_mosquitto: "MosquittoBroker", parameters: Made, topic: str, protocol: str, consistency: str, way: str
) -> None:
    given = parameters(breakable_mosquitto.address(), consistency, protocol=protocol, keepalive=1, **SOON)
    with (
        MessageReader(topics=topic, client_id=topic[-20:], receive_timeout_ms=20_000, **given) as reader,
        AsyncMessageWriter(topic=topic, **given) as writer,
    ):
        writer.publish("before").get(10)
        assert "before" == next(reader).value
        during = []
        if way == "freeze":
            breakable_mosquitto.freeze()
            during = [writer.publish(f"during {number}") for number in range(50)]
            _until(lambda: writer.info("mqtt.state") == "lost" and reader.info("mqtt.state") == "lost")
            breakable_mosquitto.thaw()
        elif way == "kill":
            breakable_mosquitto.kill()
            during = [writer.publish(f"during {number}") for number in range(50)]
            breakable_mosquitto.start()
            _until(lambda: reader.info("mqtt.connections") == 2)
        else:
            breakable_mosquitto.stop()
            during = [writer.publish(f"during {number}") for number in range(50)]
            breakable_mosquitto.start()
        for promise in during:
            promise.wait(20)
            # A broker that was killed may forget the writer's session: sent again, a message might arrive twice.
            assert promise.is_fulfilled or (promise.is_rejected and (way, consistency) == ("kill", "EXACTLY_ONCE"))
        writer.publish("after").get(10)
        seen = []
        while "after" not in seen:
            seen.append(next(reader).value)

        # A broker that was killed may forget the reader's session, and what was published before the reader was back.
        if way != "kill":
            assert {f"during {number}" for number in range(50)} <= set(seen)
        if consistency == "EXACTLY_ONCE":
            assert len(seen) == len(set(seen))


def test_a_half_open_connection_is_found_by_keepalive(
    proxy: "CutProxy", mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    given = parameters(proxy.address, keepalive=1, **SOON)
    with (
        MessageReader(topics=topic, client_id=topic[-20:], receive_timeout_ms=20_000, **given) as reader,
        MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as writer,
    ):
        proxy.silence()
        writer.publish("value")
        _until(lambda: reader.info("mqtt.state") == "lost")
        proxy.resume()

        assert "value" == next(reader).value


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept:no\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
        b"HTTP/1.1 302 Found\r\nX: \xff sec-websocket-accept\r\n\r\n",
        b"\0",
    ],
)
def test_strange_answers_to_a_websocket_are_followed_by_further_attempts(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, words: bytes
) -> None:
    with LossyProxy(mosquitto_broker.address("ws")) as proxy:
        given = parameters(proxy.address, transport="websockets", **SOON)
        with (
            MessageReader(topics=topic, receive_timeout_ms=10_000, **given) as reader,
            MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as writer,
        ):
            proxy.close(words)
            _until(lambda: proxy.turned_away >= 2)
            proxy.open()
            writer.publish("value")

            assert "value" == next(reader).value


def test_a_synchronous_publish_has_a_deadline(proxy: "CutProxy", parameters: Made, topic: str) -> None:
    with MessageWriter(topic=topic, publish_timeout_ms=300, **parameters(proxy.address, **SOON)) as writer:
        proxy.silence()
        with pytest.raises(PublishTimeoutError):
            writer.publish("value")


def test_a_connection_lost_for_longer_than_the_limit_is_reported_once_and_reading_resumes(
    proxy: "CutProxy", mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    failures: list[Exception] = []
    values: list[str] = []
    failed, came = threading.Event(), threading.Event()
    reader = AsyncMessageReader(topics=topic, **parameters(proxy.address, lost_limit=0.3, **SOON))

    def on_message(message: Any) -> None:
        values.append(message.value)
        came.set()

    def on_failure(error: Exception) -> None:
        failures.append(error)
        failed.set()

    reader.on_message = on_message
    reader.on_failure = on_failure
    with reader, MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as writer:
        proxy.refuse()
        assert failed.wait(10)
        proxy.resume()
        _until(lambda: reader.info("mqtt.state") == "connected")
        writer.publish("value")
        assert came.wait(10)

    assert ["value"] == values
    assert [ConnectionError] == [type(error) for error in failures]


@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_a_connection_is_reported_as_lost_in_the_middle_of_an_attempt(
    mosquitto_broker: "MosquittoBroker", proxy: "CutProxy", parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters(proxy.address, "EXACTLY_ONCE", protocol=protocol, lost_limit=0.2, **SOON)
    given["type_spec"]["connection_timeout"] = 30
    reading = parameters(mosquitto_broker.address(), "EXACTLY_ONCE")
    with (
        MessageReader(topics=topic, receive_timeout_ms=5000, **reading) as reader,
        AsyncMessageWriter(topic=topic, **given) as writer,
    ):
        proxy.silence()
        proxy.cut()
        with pytest.raises(ConnectionError, match=r"0.2 s"):
            writer.publish("value").get(10)
        proxy.resume()
        _until(lambda: writer.info("mqtt.state") == "connected")
        writer.publish("next").get(10)

        assert "next" == next(reader).value


@pytest.mark.parametrize("lost_limit", [0.03, 0.06, 0.09, 0.12, 0.15, 0.18, 0.21])
def test_a_writer_that_is_connected_takes_messages_whenever_the_limit_was_reached(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, lost_limit: float
) -> None:
    with mosquitto_broker.proxy("ws") as proxy:  # where connecting takes a fifth of a second
        soon = {"reconnect_delay": {"min_delay": 0.01, "max_delay": 0.01}, "lost_limit": lost_limit}
        with AsyncMessageWriter(topic=topic, **parameters(proxy.address, transport="websockets", **soon)) as writer:
            proxy.cut()
            _until(lambda: writer.info("mqtt.connections") == 2)
            writer.publish("taken").get(10)


@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
@pytest.mark.parametrize("api", [MessageReader, AsyncMessageWriter])
def test_closing_does_not_wait_long_for_a_frozen_broker(
    breakable_mosquitto: "MosquittoBroker", parameters: Made, topic: str, api: Any, protocol: str
) -> None:
    given = parameters(breakable_mosquitto.address(), "EXACTLY_ONCE", protocol=protocol)
    named = {"topics": topic} if api is MessageReader else {"topic": topic, "close_timeout_ms": 0}
    client = api(**named, **given)
    client.open()
    breakable_mosquitto.freeze()
    began = time.monotonic()
    client.close()

    assert time.monotonic() - began < 2


def test_a_writer_without_connection_for_too_long_rejects_and_takes_again_when_it_is_back(
    proxy: "CutProxy", parameters: Made, topic: str
) -> None:
    with AsyncMessageWriter(topic=topic, **parameters(proxy.address, lost_limit=0.3, **SOON)) as writer:
        proxy.refuse()
        waiting = writer.publish("waits")
        with pytest.raises(ConnectionError, match=r"not sent|unknown"):
            waiting.get(10)
        with pytest.raises(ConnectionError, match="not sent"):
            writer.publish("refused at once").get(10)
        proxy.resume()
        _until(lambda: writer.info("mqtt.state") == "connected")
        writer.publish("taken").get(10)


def test_at_qos_0_a_dead_connection_is_an_error(proxy: "CutProxy", parameters: Made, topic: str) -> None:
    with MessageWriter(topic=topic, **parameters(proxy.address, "AT_MOST_ONCE", **SOON)) as writer:
        writer.publish("sent")
        proxy.refuse()
        _until(lambda: writer.info("mqtt.state") == "lost")
        with pytest.raises(ConnectionError, match="not sent"):
            writer.publish("not sent")


def test_at_qos_0_what_a_frozen_broker_does_not_take_is_not_counted_as_sent(
    breakable_mosquitto: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    given = parameters(breakable_mosquitto.address(), "AT_MOST_ONCE") | {"close_timeout_ms": 100}
    with AsyncMessageWriter(topic=topic, **given) as writer:
        breakable_mosquitto.freeze()
        published = (writer.publish("x" * 100_000).get(1) for _ in range(500))
        with pytest.raises(PublishTimeoutError):
            list(published)
        breakable_mosquitto.thaw()


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
@pytest.mark.parametrize("seed", range(4))
def test_no_promise_is_left_pending_by_any_order_of_disconnects_and_close(
    proxy: "CutProxy", parameters: Made, topic: str, consistency: str, seed: int
) -> None:
    import random

    chance = random.Random(seed)
    given = parameters(proxy.address, consistency, protocol=chance.choice(["MQTTv311", "MQTTv5"]), **SOON)
    promises: list[Any] = []
    stop = threading.Event()
    with ExitStack() as stack:
        writer = AsyncMessageWriter(topic=topic, close_timeout_ms=chance.choice([0, 50, 500]), **given)
        stack.enter_context(writer)

        def publish() -> None:
            number = 0
            while not stop.is_set():
                try:
                    promises.append(writer.publish(str(number)))
                except SinetError:
                    return
                number += 1
                if number % 50 == 0:
                    stop.wait(0.01)

        threads = [threading.Thread(target=publish) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(chance.randrange(6)):
            stop.wait(chance.random() / 10)
            chance.choice([proxy.cut, proxy.cut, proxy.refuse, proxy.resume])()
    stop.set()
    for thread in threads:
        thread.join()

    assert promises
    assert not [promise for promise in promises if promise.is_pending]


def _until(true: Callable[[], object], seconds: float = 20) -> None:
    """Look again and again: the state of a connection has no event of its own."""
    waited = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it did not happen")
