"""A publish that the broker refuses is an error, where the protocol says so."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import AsyncMessageWriter, MessageWriter
from sinetstream.errors import AuthorizationError, BufferFullError, ConnectionError

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]
MAY_NOT_WRITE = {"username": "may-not-write", "password": "may-not-write-test-only"}


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_refused_publish_is_an_error_with_mqtt_5(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, consistency: str
) -> None:
    address = mosquitto_broker.address("password")
    given = parameters(address, consistency, protocol="MQTTv5", username_pw=MAY_NOT_WRITE)
    with MessageWriter(topic=topic, **given) as writer:
        for _ in range(50):  # more than the window: a refused one must not stay in it
            with pytest.raises(AuthorizationError, match="Not authorized"):
                writer.publish("value")
        assert 0 == writer.info("mqtt.in_flight")


def test_before_mqtt_5_a_refused_publish_looks_like_any_other(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    given = parameters(mosquitto_broker.address("password"), username_pw=MAY_NOT_WRITE)
    with MessageWriter(topic=topic, **given) as writer:
        writer.publish("value")  # acknowledged and dropped: the protocol has no word for it


def test_more_than_max_queued_messages_are_refused_at_once(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    with mosquitto_broker.proxy() as proxy:
        given = parameters(proxy.address, max_queued_messages={"queue_size": 5}, max_inflight_messages={"inflight": 3})
        with AsyncMessageWriter(topic=topic, **given) as writer:
            proxy.silence()
            promises = [writer.publish(str(number)) for number in range(20)]
            refused = [promise for promise in promises if promise.is_rejected or _fails(promise)]
            proxy.resume()

            assert 12 <= len(refused) <= 15
            assert 20 - len(refused) == sum(promise.is_fulfilled or not _fails(promise, 10) for promise in promises)


@pytest.mark.parametrize(("protocol", "words"), [("MQTTv311", "5 times"), ("MQTTv5", "at most 20000")])
@pytest.mark.parametrize("size", [19_990, 30_000])  # of the message; the packet has a topic too
def test_a_message_that_makes_the_broker_hang_up_is_an_error_and_the_next_ones_are_written(
    parameters: Made, topic: str, protocol: str, words: str, size: int
) -> None:
    from tools.brokers import instances

    broker = instances.private("mqtt", print, {"max_queued_messages": "1000\nmax_packet_size 20000"})
    try:
        given = parameters(broker.address(), protocol=protocol, reconnect_delay={"min_delay": 0.01, "max_delay": 0.05})
        with MessageWriter(topic=topic, user_data_only=True, **given) as writer:
            with pytest.raises(ConnectionError, match=words):
                writer.publish("x" * size)
            writer.publish("small")
    finally:
        instances.retire(broker)


def _fails(promise: Any, timeout: float = 0.05) -> bool:
    try:
        promise.get(timeout)
    except BufferFullError:
        return True
    except TimeoutError:
        return False
    return False
