"""The MQTT plugin keeps the contract, in every version of the protocol and on every listener.

The whole kit runs in each version; what runs on a `further_listener` is said in the root's conftest.py.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

import pytest
from sinetstream.testing import Conformance, Harness

sys.path.append(str(Path(__file__).parent))

from listeners import reach as reach_of

if TYPE_CHECKING:
    from tools.brokers import CutProxy, MosquittoBroker

pytestmark = pytest.mark.mqtt

SOON = {"reconnect_delay": {"min_delay": 0.05, "max_delay": 0.2}, "connection_timeout": 2}
MAY_NOT_WRITE = {"username": "may-not-write", "password": "may-not-write-test-only"}
DROPPED = {"test_a_refused_publish_is_an_authorization_error": "before MQTT 5 it is acknowledged, and dropped"}


@pytest.fixture(scope="module")
def lines(mosquitto_broker: "MosquittoBroker") -> Iterator[Callable[[str], "CutProxy"]]:
    """One proxy for each listener."""
    with ExitStack() as stack:
        yield cache(lambda listener: stack.enter_context(mosquitto_broker.proxy(listener)))


def made(
    broker: "MosquittoBroker", lines: Callable[[str], "CutProxy"], protocol: str, listener: str = "plain"
) -> Harness:
    proxy, (reach, common) = lines(listener), reach_of(broker, listener)
    own = {"protocol": protocol, **SOON, **reach}
    stranger = {"username": "nobody", "password": "wrong"}
    known, asking = {"brokers": broker.address("password_tls" if common else "password")}, own | {"transport": "tcp"}
    return Harness(
        params={"type": "mqtt", "brokers": proxy.address, "type_spec": own, **common},
        durable=lambda: {"client_id": uuid4().hex[:20]},
        unreachable={"brokers": "127.0.0.1:1"},
        forbidden=known | {"type_spec": asking | {"username_pw": stranger}},
        read_only=known | {"type_spec": asking | {"username_pw": MAY_NOT_WRITE}},
        not_observable={} if protocol == "MQTTv5" else DROPPED,
        interrupt=proxy.refuse,
        silence=proxy.silence,
        restore=proxy.resume,
        max_message_bytes=200_000,
    )


class TestMqtt31(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", lines: Callable[[str], "CutProxy"]) -> Harness:
        return made(mosquitto_broker, lines, "MQTTv31")


class TestMqtt311(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", lines: Callable[[str], "CutProxy"]) -> Harness:
        return made(mosquitto_broker, lines, "MQTTv311")


class TestMqtt5(Conformance):
    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", lines: Callable[[str], "CutProxy"]) -> Harness:
        return made(mosquitto_broker, lines, "MQTTv5")


@pytest.mark.further_listener
class Listener:
    listener: ClassVar[str]
    protocol: ClassVar[str]

    @pytest.fixture
    def harness(self, mosquitto_broker: "MosquittoBroker", lines: Callable[[str], "CutProxy"]) -> Harness:
        return made(mosquitto_broker, lines, self.protocol, self.listener)


class TestTls(Listener, Conformance):
    listener, protocol = "tls", "MQTTv311"


class TestClientCertificate(Listener, Conformance):
    listener, protocol = "mtls", "MQTTv5"


class TestPassword(Listener, Conformance):
    listener, protocol = "password", "MQTTv31"


class TestWebSockets(Listener, Conformance):
    listener, protocol = "ws", "MQTTv5"


class TestWebSocketsOverTls(Listener, Conformance):
    listener, protocol = "wss", "MQTTv311"
