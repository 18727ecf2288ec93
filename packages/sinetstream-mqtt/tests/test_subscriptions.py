"""Subscribed is what `open` says it is."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sinetstream import MessageReader, MessageWriter
from sinetstream.errors import AuthorizationError, InvalidArgumentError, UnsupportedOperationError

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("filters", ["{}/+/b", "{}/#", ["{}/a/b", "other"], ["{}/a/b", "{}/a/+"]])
def test_wildcards_and_lists_give_the_topic_of_the_message(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, filters: Any
) -> None:
    given = parameters(mosquitto_broker.address())
    topics = filters.format(topic) if isinstance(filters, str) else [each.format(topic) for each in filters]
    with (
        MessageReader(topics=topics, receive_timeout_ms=5000, **given) as reader,
        MessageWriter(topic=f"{topic}/a/b", **given) as writer,
    ):
        writer.publish("value")
        message = next(reader)

        assert ("value", f"{topic}/a/b") == (message.value, message.topic)


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
def test_readers_of_one_shared_subscription_share_its_messages(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters(mosquitto_broker.address(), protocol=protocol)
    shared: dict[str, Any] = {"topics": f"$share/group/{topic}", "receive_timeout_ms": 500}
    with (
        MessageReader(**shared, **given) as one,
        MessageReader(**shared, **given) as other,
        MessageWriter(topic=topic, **given) as writer,
    ):
        writer.publish_many(map(str, range(10)))
        first, second = [int(m.value) for m in one], [int(m.value) for m in other]

        assert first
        assert second
        assert list(range(10)) == sorted(first + second)


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
@pytest.mark.parametrize(("listener", "consistency"), [("qos0", "AT_LEAST_ONCE"), ("qos1", "EXACTLY_ONCE")])
def test_a_lower_qos_than_the_consistency_needs_is_an_error(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str, listener: str, consistency: str
) -> None:
    given = parameters(mosquitto_broker.address(listener), consistency, protocol=protocol)
    with pytest.raises(UnsupportedOperationError, match="QoS"):
        MessageReader(topics=topic, **given).open()


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
def test_a_refused_subscription_is_an_error(
    mosquitto_broker: "MosquittoBroker", parameters: Made, protocol: str
) -> None:
    alice = {"username": "alice", "password": "alice-test-only"}
    given = parameters(mosquitto_broker.address("refusing"), protocol=protocol, username_pw=alice)
    with pytest.raises(AuthorizationError, match="refused/x"):
        MessageReader(topics=["allowed", "refused/x"], **given).open()


def test_a_writer_of_a_qos_that_the_broker_does_not_take_is_refused(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    given = parameters(mosquitto_broker.address("qos1"), "EXACTLY_ONCE", protocol="MQTTv5")
    with pytest.raises(UnsupportedOperationError, match="QoS 2"):
        MessageWriter(topic=topic, **given).open()


def test_a_promise_that_ends_with_the_process_is_told_of_once(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = parameters(mosquitto_broker.address())
    with caplog.at_level(logging.WARNING), MessageReader(topics=topic, **given) as reader:
        assert not reader.info("durable")
    with MessageReader(topics=topic, client_id=topic, **given) as reader:
        assert reader.info("durable")

    assert 1 == sum("client_id" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
def test_a_session_without_a_name_is_not_left_behind(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str
) -> None:
    given = parameters(mosquitto_broker.address(), protocol=protocol)
    with MessageReader(topics=topic, **given) as reader:
        client_id = reader.client_id
    with MessageReader(topics=topic, client_id=client_id, **given) as again:
        assert not again.info("mqtt.session_resumed")


@pytest.mark.parametrize(
    "value", [b"\xffkey", b"a\nb", b"\x07", "\x85".encode(), "\ufefftext".encode(), "\uffff".encode()]
)
def test_keys_and_headers_travel_with_mqtt_5(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, value: bytes
) -> None:
    given = parameters(mosquitto_broker.address(), protocol="MQTTv5")
    with (
        MessageReader(topics=topic, receive_timeout_ms=5000, **given) as reader,
        MessageWriter(topic=topic, **given) as writer,
    ):
        writer.publish("value", key=value, headers={"unit": b"K", "raw": value})
        message = next(reader)

        assert (value, {"unit": b"K", "raw": value}) == (message.key, message.headers)
        assert (1, 1) == (writer.info("mqtt.connections"), reader.info("mqtt.connections"))


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_properties_of_strangers_that_cannot_be_read_stop_nothing(
    mosquitto_broker: "MosquittoBroker",
    parameters: Made,
    topic: str,
    consistency: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = parameters(mosquitto_broker.address(), consistency, protocol="MQTTv5") | {"user_data_only": True}
    strange = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
    strange.ContentType = "\ufefftext/plain"
    stranger = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    with MessageReader(topics=topic, receive_timeout_ms=1000, **given) as reader:
        stranger.connect(mosquitto_broker.host(), mosquitto_broker.port())
        stranger.loop_start()
        for number in range(50):  # more than the window: each is acknowledged
            stranger.publish(topic, str(number), 2, properties=strange if number % 2 else None).wait_for_publish(10)
        stranger.disconnect()
        stranger.loop_stop()

        assert [str(number) for number in range(50)] == [message.value for message in reader]
        assert 1 == reader.info("mqtt.connections")
    assert "cannot be read" in caplog.text


def test_a_refused_header_costs_only_its_message(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    with mosquitto_broker.proxy() as proxy:
        given = parameters(proxy.address, protocol="MQTTv5", reconnect_delay={"min_delay": 0.01, "max_delay": 0.1})
        with MessageWriter(topic=topic, **given) as writer:
            with pytest.raises(InvalidArgumentError, match="headers"):
                writer.publish("value", headers={"\ud800": b"x"})
            proxy.cut()
            writer.publish("next")
            assert writer.info("mqtt.connections") <= 2
