"""The MQTT plugin keeps the contract, in every version of the protocol."""

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sinetstream.testing import Conformance, Harness

if TYPE_CHECKING:
    from tools.brokers import CutProxy, MosquittoBroker

pytestmark = pytest.mark.mqtt

SOON = {"reconnect_delay": {"min_delay": 0.05, "max_delay": 0.2}, "connection_timeout": 2}


@pytest.fixture(scope="module")
def line(mosquitto_broker: "MosquittoBroker") -> Any:
    with mosquitto_broker.proxy() as proxy:
        yield proxy


def made(broker: "MosquittoBroker", line: "CutProxy", protocol: str) -> Harness:
    own = {"protocol": protocol, **SOON}
    stranger = {"username": "nobody", "password": "wrong"}
    return Harness(
        params={"type": "mqtt", "brokers": line.address, "type_spec": own},
        durable=lambda: {"client_id": uuid4().hex[:20]},
        unreachable={"brokers": "127.0.0.1:1"},
        forbidden={"brokers": broker.address("password"), "type_spec": own | {"username_pw": stranger}},
        interrupt=line.refuse,
        restore=line.resume,
        max_message_bytes=200_000,
    )


class TestMqtt31(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", line: "CutProxy") -> Harness:
        return made(mosquitto_broker, line, "MQTTv31")


class TestMqtt311(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", line: "CutProxy") -> Harness:
        return made(mosquitto_broker, line, "MQTTv311")


class TestMqtt5(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", line: "CutProxy") -> Harness:
        return made(mosquitto_broker, line, "MQTTv5")
