"""What a session remembers belongs to one broker, and ends when its user has given it up."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.errors import ConnectionError

sys.path.append(str(Path(__file__).parent))

from lossy_proxy import PUBREC, PUBREL, LossyProxy
from scripted_server import Server

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]
SOON = {"reconnect_delay": {"min_delay": 0.01, "max_delay": 0.1}, "connection_timeout": 2}
PROTOCOLS = ["MQTTv31", "MQTTv311", "MQTTv5"]
WINDOW = 20
MORE = [f"more {number}" for number in range(2 * WINDOW)]


@pytest.fixture
def proxy(mosquitto_broker: "MosquittoBroker") -> Iterator[LossyProxy]:
    with LossyProxy(mosquitto_broker.address()) as proxy:
        yield proxy


@pytest.fixture
def other_proxy(breakable_mosquitto: "MosquittoBroker") -> Iterator[LossyProxy]:
    with LossyProxy(breakable_mosquitto.address()) as proxy:
        yield proxy


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_after_an_outage_longer_than_the_limit_a_writer_s_window_is_free_again(
    proxy: LossyProxy, mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters(proxy.address, "EXACTLY_ONCE", protocol=protocol, lost_limit=0.2, **SOON)
    reading = parameters(mosquitto_broker.address(), "EXACTLY_ONCE")
    with (
        MessageReader(topics=topic, receive_timeout_ms=1000, **reading) as reader,
        AsyncMessageWriter(topic=topic, **given) as writer,
    ):
        proxy.losing = frozenset({PUBREC})
        given_up = [writer.publish(f"given up {number}") for number in range(WINDOW)]
        _until(lambda: proxy.lost >= 4 * WINDOW)
        proxy.close()
        for promise in given_up:
            with pytest.raises(ConnectionError, match="unknown"):
                promise.get(10)
        proxy.losing = frozenset()
        proxy.open()
        _until(lambda: writer.info("mqtt.state") == "connected")
        for promise in [writer.publish(value) for value in MORE]:
            promise.get(10)

        assert MORE == [message.value for message in reader if message.value in MORE]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_after_connections_that_confirmed_nothing_a_writer_s_window_is_free_again(
    proxy: LossyProxy, mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters(proxy.address, "EXACTLY_ONCE", protocol=protocol, **SOON)
    reading = parameters(mosquitto_broker.address(), "EXACTLY_ONCE")
    with (
        MessageReader(topics=topic, receive_timeout_ms=1000, **reading) as reader,
        AsyncMessageWriter(topic=topic, **given) as writer,
    ):
        proxy.losing = frozenset({PUBREC})
        given_up = [writer.publish(f"given up {number}") for number in range(WINDOW)]
        for attempt in range(1, 6):
            _until(lambda attempt=attempt: proxy.lost >= 4 * WINDOW * attempt)  # type: ignore[misc]
            proxy.cut()
        for promise in given_up:
            with pytest.raises(ConnectionError, match="5 times"):
                promise.get(10)
        proxy.losing = frozenset()
        for promise in [writer.publish(value) for value in MORE]:
            promise.get(10)

        assert MORE == [message.value for message in reader if message.value in MORE]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_one_broker_has_half_of_is_not_taken_for_delivered_by_another(
    proxy: LossyProxy, other_proxy: LossyProxy, parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters("unused", "EXACTLY_ONCE", protocol=protocol, **SOON)
    given["brokers"] = [proxy.address, other_proxy.address]
    with AsyncMessageWriter(topic=topic, **given) as writer:
        _move(writer, proxy, other_proxy)
        writer.publish("value").get(10)
        _move(writer, other_proxy, proxy)
        proxy.losing = frozenset({PUBREL})
        promise = writer.publish("value")
        _until(lambda: proxy.lost)
        _move(writer, proxy, other_proxy)

        with pytest.raises(ConnectionError, match="unknown"):
            promise.get(10)


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_was_finished_at_one_broker_hides_nothing_of_another(
    proxy: LossyProxy,
    other_proxy: LossyProxy,
    mosquitto_broker: "MosquittoBroker",
    breakable_mosquitto: "MosquittoBroker",
    parameters: Made,
    topic: str,
    protocol: str,
    consistency: str,
) -> None:
    given = parameters("unused", consistency, protocol=protocol, **SOON)
    given["brokers"] = [proxy.address, other_proxy.address]
    with (
        MessageReader(topics=topic, client_id=topic[-20:], receive_timeout_ms=1000, **given) as reader,
        MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as here,
        MessageWriter(topic=topic, **parameters(breakable_mosquitto.address())) as there,
    ):
        proxy.losing = frozenset({0x32, 0x34})  # PUBLISH of QoS 1 and 2: it is under way when the connection is lost
        here.publish("here")
        _until(lambda: proxy.lost)
        _move(reader, proxy, other_proxy)
        there.publish_many(["there 1", "there 2"])
        assert "there 1" == next(reader).value
        other_proxy.close()
        _until(lambda: reader.info("mqtt.state") == "lost")
        assert "there 2" == next(reader).value  # finishes the one before, while there is no connection
        proxy.losing = frozenset()
        proxy.open()

        assert ["here"] == [message.value for message in reader]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_reader_is_subscribed_at_each_broker_whatever_that_remembers_of_it(
    proxy: LossyProxy,
    other_proxy: LossyProxy,
    breakable_mosquitto: "MosquittoBroker",
    parameters: Made,
    topic: str,
    protocol: str,
) -> None:
    given = parameters("unused", protocol=protocol, **SOON) | {"client_id": topic[-20:]}
    with MessageReader(topics=f"{topic}/before", **given | {"brokers": breakable_mosquitto.address()}):
        pass
    given["brokers"] = [proxy.address, other_proxy.address]
    with (
        MessageReader(topics=topic, receive_timeout_ms=5000, **given) as reader,
        MessageWriter(topic=topic, **parameters(breakable_mosquitto.address())) as writer,
    ):
        _move(reader, proxy, other_proxy)
        writer.publish("value")

        assert "value" == next(reader).value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_restart_of_the_broker_costs_a_reader_without_a_name_nothing(
    breakable_mosquitto: "MosquittoBroker", parameters: Made, topic: str, protocol: str
) -> None:
    with LossyProxy(breakable_mosquitto.address()) as proxy:
        writing = parameters(breakable_mosquitto.address())
        given = parameters(proxy.address, protocol=protocol, **SOON)
        with MessageReader(topics=topic, receive_timeout_ms=1500, **given) as reader:
            proxy.close()
            with MessageWriter(topic=topic, **writing) as writer:
                writer.publish("before")
            breakable_mosquitto.restart()
            with MessageWriter(topic=topic, **writing) as writer:
                writer.publish("after")
            proxy.open()

            assert ["before", "after"] == [message.value for message in reader]


@pytest.mark.parametrize(("granted_s", "warnings"), [(60, 1), (2**32 - 1, 0)])
def test_a_session_that_the_broker_keeps_for_a_shorter_time_is_told_of(
    parameters: Made, topic: str, caplog: pytest.LogCaptureFixture, granted_s: int, warnings: int
) -> None:
    connack = b"\x20\x08\0\0\5\x11" + granted_s.to_bytes(4, "big")
    with Server(b"", connack=connack, suback=b"\0\1") as server:
        given = parameters(server.address, protocol="MQTTv5") | {"client_id": topic[-20:]}
        with MessageReader(topics=topic, **given) as reader:
            server.opened.set()
            assert granted_s == reader.info("mqtt.session_expiry_s")

    assert warnings == sum("60 s" in record.getMessage() for record in caplog.records)


def _move(client: Any, source: LossyProxy, target: LossyProxy) -> None:
    """The source is opened again only when the client has gone to the target."""
    connections = client.info("mqtt.connections")
    target.open()
    source.close()
    _until(lambda: client.info("mqtt.connections") > connections and client.info("mqtt.state") == "connected")
    assert target.address == client.info("mqtt.broker")


def _until(true: Callable[[], object], seconds: float = 20) -> None:
    """Look again and again: the state of a connection has no event of its own."""
    waited = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it did not happen")
