"""Every listener, every version of the protocol, every consistency, on the real broker."""

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.errors import AuthorizationError, ConnectionError, SinetError
from sinetstream_plugins.mqtt.network.buffered_socket import BufferedSocket

sys.path.append(str(Path(__file__).parent))

from listeners import ALICE, reach
from lossy_proxy import LossyProxy

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]
PROTOCOLS = ["MQTTv31", "MQTTv311", "MQTTv5"]
CONSISTENCIES = ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]


@pytest.mark.parametrize("consistency", CONSISTENCIES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("listener", ["plain", "tls", "mtls", "password", "password_tls", "ws", "wss"])
def test_what_is_written_after_open_is_read_in_order(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, listener: str, protocol: str, consistency: str
) -> None:
    own, common = reach(mosquitto_broker, listener)
    given = parameters(mosquitto_broker.address(listener), consistency, protocol=protocol, **own) | common
    values = [*map(str, range(20)), "x" * 100_000]
    with (
        MessageReader(topics=topic, receive_timeout_ms=10_000, **given) as reader,
        MessageWriter(topic=topic, **given) as writer,
    ):
        writer.publish(values[0])
        writer.publish_many(values[1:])

        assert values == [next(reader).value for _ in values]


@pytest.mark.parametrize("listener", ["plain", "ws"])
def test_a_broker_is_reached_over_ipv6(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, listener: str
) -> None:
    own, common = reach(mosquitto_broker, listener)
    with LossyProxy(mosquitto_broker.address(listener), version=6) as proxy:
        given = parameters(proxy.address, **own) | common
        with (
            MessageReader(topics=topic, receive_timeout_ms=10_000, **given) as reader,
            MessageWriter(topic=topic, **given) as writer,
        ):
            writer.publish("value")

            assert ("value", proxy.address) == (next(reader).value, reader.info("mqtt.broker"))


def test_whoever_leaves_over_tls_disturbs_nobody(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    """Mosquitto takes a WebSocket client's end of the connection, without TLS's own, for a fault of another client."""

    def given(listener: str) -> dict[str, Any]:
        own, common = reach(mosquitto_broker, listener)
        return parameters(mosquitto_broker.address(listener), **own) | common

    done = threading.Event()

    def come_and_go() -> None:
        with contextlib.suppress(SinetError):  # what is lost is counted at the writer
            for _ in range(200):
                MessageReader(topics=topic, **given("wss")).open().close()
        done.set()

    passer_by = threading.Thread(target=come_and_go)
    with AsyncMessageWriter(topic=topic, **given("tls")) as writer:
        passer_by.start()
        while not done.is_set():
            writer.publish("x" * 100_000).wait(10)
        passer_by.join()

        assert 1 == writer.info("mqtt.connections")


@pytest.mark.parametrize("ceremony", [True, False])
def test_a_connection_over_tls_ends_as_tls_wants_it(mosquitto_broker: "MosquittoBroker", *, ceremony: bool) -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(mosquitto_broker.secret("server.crt"), mosquitto_broker.secret("server.key"))
    ours = ssl.create_default_context(cafile=str(mosquitto_broker.secret("ca.crt")))
    with ThreadPoolExecutor(1) as thread:
        one, other = socket.socketpair()
        accepted = thread.submit(theirs.wrap_socket, one, server_side=True, suppress_ragged_eofs=False)
        tls = ours.wrap_socket(other, server_hostname="127.0.0.1")
        with accepted.result(10) as broker:
            buffered = BufferedSocket(tls, tls)
            buffered.linger_s = 5.0 if ceremony else 0.0
            buffered.put(b"last words")
            left = thread.submit(buffered.close)

            assert (b"last words" if ceremony else b"") == broker.recv(100)
            assert b"" == broker.recv(100)
            broker.close()
            left.result(10)
    assert ceremony == buffered.was_closed_by_peer


def test_encrypted_client_keys_need_their_password(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    own = {
        "tls": {
            "ca_certs": str(mosquitto_broker.secret("ca.crt")),
            "certfile": str(mosquitto_broker.secret("client.crt")),
            "keyfile": str(mosquitto_broker.secret("client-encrypted.key")),
        }
    }
    given = parameters(mosquitto_broker.address("mtls"), **own)
    with pytest.raises(ValueError, match=r"tls\.keyfile_password: .*give keyfile_password"):
        MessageReader(topics=topic, **given)

    from tools.brokers import KEY_PASSWORD

    own["tls"]["keyfile_password"] = KEY_PASSWORD
    with MessageReader(topics=topic, **given) as reader:
        assert "connected" == reader.info("mqtt.state")


@pytest.mark.parametrize(
    ("listener", "common", "own", "error"),
    [
        ("wrong_host", {"tls": {"ca_certs": "ca.crt"}}, {}, ConnectionError),
        ("tls", {"tls": True}, {}, ConnectionError),
        ("mtls", {"tls": {"ca_certs": "ca.crt"}}, {}, ConnectionError),
        ("password", {}, {}, AuthorizationError),
        ("password", {}, {"username_pw": ALICE | {"password": "wrong"}}, AuthorizationError),
        ("plain", {}, {"transport": "websockets"}, ConnectionError),
        ("tls", {}, {"connection_timeout": 2}, ConnectionError),
    ],
)
@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
def test_a_connection_that_must_not_be_is_an_error(
    mosquitto_broker: "MosquittoBroker",
    parameters: Made,
    topic: str,
    protocol: str,
    listener: str,
    common: dict[str, Any],
    own: dict[str, Any],
    error: type[Exception],
) -> None:
    given = parameters(mosquitto_broker.address(listener), protocol=protocol, **own) | common
    if isinstance(given.get("tls"), dict):
        given["tls"] = {"ca_certs": str(mosquitto_broker.secret("ca.crt"))}

    with pytest.raises(error) as raised:
        MessageReader(topics=topic, **given).open()
    assert error is type(raised.value)


def test_the_host_of_a_certificate_can_be_left_unchecked(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    tls = {"ca_certs": str(mosquitto_broker.secret("ca.crt")), "check_hostname": False}
    with MessageReader(topics=topic, tls=tls, **parameters(mosquitto_broker.address("wrong_host"))) as reader:
        assert "connected" == reader.info("mqtt.state")


def test_brokers_are_tried_in_order_until_one_accepts(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    with mosquitto_broker.proxy() as dead:
        dead.refuse()
        given = parameters("unused") | {"brokers": [dead.address, mosquitto_broker.address()]}
        with MessageWriter(topic=topic, **given) as writer:
            assert mosquitto_broker.address() == writer.info("mqtt.broker")


def test_when_no_broker_accepts_the_error_names_them_all(
    parameters: Made, topic: str, mosquitto_broker: "MosquittoBroker"
) -> None:
    with mosquitto_broker.proxy() as one, mosquitto_broker.proxy() as other:
        one.refuse()
        other.refuse()
        given = parameters("unused") | {"brokers": [one.address, other.address]}
        with pytest.raises(ConnectionError, match=f"{one.address}.*{other.address}"):
            MessageWriter(topic=topic, **given).open()


def test_a_silent_broker_is_an_error_in_time(mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str) -> None:
    with mosquitto_broker.proxy() as silent:
        silent.silence()
        with pytest.raises(ConnectionError, match="no answer in time"):
            AsyncMessageWriter(topic=topic, **parameters(silent.address, connection_timeout=0.5)).open()


def test_nagle_s_algorithm_is_off(mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str) -> None:
    with MessageWriter(topic=topic, **parameters(mosquitto_broker.address())) as writer:
        buffered = writer._plugin.inner._client.buffered_socket
        assert buffered._tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_certificates_and_keys_are_given_by_their_content_and_touch_no_disk(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere/at/all")
    files = {"ca_certs": "ca.crt", "certfile": "client.crt", "keyfile": "client.key"}
    own = {"tls": {f"{name}_data": mosquitto_broker.secret(file).read_text() for name, file in files.items()}}

    with MessageReader(topics=topic, **parameters(mosquitto_broker.address("mtls"), **own)) as reader:
        assert "connected" == reader.info("mqtt.state")


def test_a_renewed_certificate_counts_from_the_next_connection_on(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.crt"
    trusted.write_bytes(mosquitto_broker.secret("ca.crt").read_bytes())
    given = parameters(mosquitto_broker.address("tls"), tls={"ca_certs": str(trusted)})
    writer = MessageWriter(topic=topic, **given)

    trusted.write_bytes(mosquitto_broker.secret("other-ca.crt").read_bytes())

    with pytest.raises(ConnectionError, match="certificate"):
        writer.open()
