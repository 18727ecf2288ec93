"""What a parameter is to keep secret is nowhere on the line, with any plugin."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageWriter,
    MessageReader,
    MessageWriter,
    UnsupportedOperationError,
)

from tools.brokers import Broker

sys.path.append(str(Path(__file__).parent))

from recording_proxy import RecordingProxy

CANARY = "the-canary-sings-at-dawn"
ALICE = "alice-test-only"
CRYPTO: list[dict[str, Any]] = [
    {"password": CANARY},
    {"password": {"value": CANARY}},
    {"key": (CANARY + "12345678").encode()},
    {"keys": {7: (CANARY + "12345678").encode()}},
    {"keys": {7: CANARY}},
    {"algorithm": "AES", "mode": "CBC", "padding": "pkcs7", "password": CANARY},
]
crypto = pytest.mark.parametrize("section", CRYPTO, ids=str)
writers = pytest.mark.parametrize("writer", [MessageWriter, AsyncMessageWriter])

Line = Callable[..., tuple[dict[str, Any], RecordingProxy]]


@pytest.fixture(params=[pytest.param("kafka", marks=pytest.mark.kafka), pytest.param("mqtt", marks=pytest.mark.mqtt)])
def line(request: pytest.FixtureRequest) -> Any:
    """`line(listener, **type_spec)` gives the parameters that reach a broker through a recording proxy, and the proxy."""
    broker: Broker = request.getfixturevalue("kafka_broker" if request.param == "kafka" else "mosquitto_broker")
    with ExitStack() as stack:

        def reach(listener: str, **own: Any) -> tuple[dict[str, Any], RecordingProxy]:
            address = broker.address(listener)
            if request.param == "kafka":
                proxy = stack.enter_context(RecordingProxy())
                own = {"proxy_url": f"socks5://{proxy.address}", **own}
            else:
                proxy = stack.enter_context(RecordingProxy(to=address))
                address = proxy.address
            params: dict[str, Any] = {"type": request.param, "brokers": address, "type_spec": own, "no_config": True}
            if listener != "plain":
                params["tls"] = {"ca_certs": str(broker.secret("ca.crt"))}
            return params | {"consistency": AT_LEAST_ONCE, "value_type": "text"}, proxy

        yield reach


def carried(params: dict[str, Any], writer: Any = MessageWriter, value: str = CANARY, **attributes: Any) -> str:
    """Publish the value and read it again; what was read."""
    topic = f"clear-{uuid4().hex[:12]}"
    with (
        MessageReader[str](topics=topic, receive_timeout_ms=20_000, **params) as reader,
        writer(topic=topic, **params) as sending,
    ):
        result = sending.publish(value, **attributes)
        if writer is AsyncMessageWriter:
            result.get(20)
        return next(reader).value


def test_what_is_not_kept_secret_is_seen(line: Line) -> None:
    params, proxy = line("plain")

    assert CANARY == carried(params)
    assert CANARY.encode() in proxy.recorded


@writers
@crypto
def test_an_encrypted_value_is_not_seen(line: Line, section: dict[str, Any], writer: Any) -> None:
    params, proxy = line("plain")

    assert CANARY == carried({**params, "data_encryption": True, "crypto": section}, writer)
    assert "" != proxy.recorded.decode("latin-1")
    assert CANARY.encode() not in proxy.recorded


@writers
def test_nothing_is_seen_where_tls_is_asked_for(line: Line, writer: Any) -> None:
    params, proxy = line("tls")
    beside: dict[str, Any] = {"key": CANARY, "headers": {CANARY: CANARY.encode()}} if params["type"] == "kafka" else {}

    assert CANARY == carried(params, writer, **beside)
    assert b"" != proxy.recorded
    assert CANARY.encode() not in proxy.recorded


@pytest.mark.mqtt
def test_headers_of_mqtt_5_are_not_seen_over_tls(mosquitto_broker: Broker) -> None:
    tls = {"ca_certs": str(mosquitto_broker.secret("ca.crt"))}
    with RecordingProxy(to=mosquitto_broker.address("tls")) as proxy:
        params = {"type": "mqtt", "brokers": proxy.address, "tls": tls, "type_spec": {"protocol": "MQTTv5"}}

        assert CANARY == carried({**params, "no_config": True, "value_type": "text"}, headers={"h": CANARY.encode()})
        assert CANARY.encode() not in proxy.recorded


@pytest.mark.kafka
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_of_kafka_is_not_seen(kafka_broker: Broker, mechanism: str) -> None:
    login = {"sasl_mechanism": mechanism, "sasl_plain_username": "alice", "sasl_plain_password": ALICE}
    with RecordingProxy() as proxy:
        spec = {**login, "proxy_url": f"socks5://{proxy.address}"}
        tls = {"ca_certs": str(kafka_broker.secret("ca.crt"))}
        params = {"type": "kafka", "brokers": kafka_broker.address("sasl"), "tls": tls, "type_spec": spec}

        assert CANARY == carried({**params, "no_config": True, "value_type": "text", "consistency": AT_LEAST_ONCE})
        assert ALICE.encode() not in proxy.recorded
        assert CANARY.encode() not in proxy.recorded


@pytest.mark.mqtt
@pytest.mark.parametrize(
    ("listener", "own"),
    [
        ("password_tls", {"username_pw": {"username": "alice", "password": ALICE}}),
        ("wss", {"transport": "websockets", "ws_options": {"headers": {"Authorization": f"Basic {ALICE}"}}}),
    ],
)
def test_a_password_of_mqtt_is_not_seen(mosquitto_broker: Broker, listener: str, own: dict[str, Any]) -> None:
    tls = {"ca_certs": str(mosquitto_broker.secret("ca.crt"))}
    with RecordingProxy(to=mosquitto_broker.address(listener)) as proxy:
        params = {"type": "mqtt", "brokers": proxy.address, "tls": tls, "type_spec": own, "no_config": True}

        assert CANARY == carried({**params, "value_type": "text"})
        assert ALICE.encode() not in proxy.recorded


@pytest.mark.mqtt
@crypto
@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_the_payload_of_a_will_is_encrypted_as_messages_are(
    mosquitto_broker: Broker, section: dict[str, Any], protocol: str
) -> None:
    will = {"topic": f"will-{uuid4().hex[:12]}", "payload": CANARY}
    with RecordingProxy(to=mosquitto_broker.address()) as proxy:
        own = {"protocol": protocol, "will": will}
        params: dict[str, Any] = {"type": "mqtt", "brokers": proxy.address, "type_spec": own, "no_config": True}
        with MessageWriter[str](topic="t", value_type="text", data_encryption=True, crypto=section, **params):
            pass

        assert will["topic"].encode() in proxy.recorded
        assert CANARY.encode() not in proxy.recorded


@pytest.mark.queue
@crypto
def test_the_queue_holds_what_is_encrypted(section: dict[str, Any]) -> None:
    topic = f"clear-{uuid4().hex}"
    common: dict[str, Any] = {"type": "queue", "no_config": True}
    with (
        MessageReader[bytes](topics=topic, user_data_only=True, receive_timeout_ms=5000, **common) as reader,
        MessageWriter[str](topic=topic, value_type="text", data_encryption=True, crypto=section, **common) as writer,
    ):
        writer.publish(CANARY)

        assert CANARY.encode() not in next(reader).value


@pytest.mark.queue
@pytest.mark.parametrize("api", [MessageReader, MessageWriter])
def test_the_queue_refuses_tls(api: Any) -> None:
    with pytest.raises(UnsupportedOperationError, match="nothing to encrypt"):
        api(type="queue", no_config=True, tls=True, **{"topics" if api is MessageReader else "topic": "t"})
