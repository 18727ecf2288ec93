"""Readers and writers do not end each other's connections and sessions, or the user is told."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.errors import AuthorizationError, ConnectionError, NotOpenError, SinetError
from sinetstream_plugins.mqtt.session.identities import Identities, Identity

sys.path.append(str(Path(__file__).parent))

from lossy_proxy import LossyProxy
from scripted_server import Server

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]

SOON = {"reconnect_delay": {"min_delay": 0.05, "max_delay": 0.1}}
FIGHTING = """
import sys
from sinetstream import AsyncMessageReader
with AsyncMessageReader(**eval(sys.stdin.readline())) as reader:
    reader.on_message = reader.on_failure = print
    sys.stdin.readline()
"""


def config_file(folder: Path, version: int, **params: Any) -> Path:
    """A file with the service `lab`."""
    spec = params.pop("type_spec", {})
    if version < 3:
        params |= spec
    lines = [f"    {name}: {value!r}" for name, value in params.items()]
    if version >= 3 and spec:
        lines.append(f"    type_spec: {spec!r}")
    file = folder / f"config-{version}.yml"
    if version >= 3:
        file.write_text("\n".join([f"header: {{version: {version}}}", "config:", "  lab:", *lines]))
    else:
        head = ["header: {version: 2}", "config:"] if version == 2 else []
        service = ["  lab:", *lines] if head else ["lab:", *(line[2:] for line in lines)]
        file.write_text("\n".join([*head, *service]))
    return file


@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_a_writer_of_the_same_service_leaves_the_session_of_a_reader_alone(
    mosquitto_broker: "MosquittoBroker", topic: str, protocol: str, tmp_path: Path
) -> None:
    spec = {"protocol": protocol}
    given = {"type": "mqtt", "brokers": mosquitto_broker.address(), "topic": topic, "client_id": topic[-16:]}
    file = config_file(tmp_path, 3, **given, consistency="EXACTLY_ONCE", value_type="text", type_spec=spec)
    with MessageReader("lab", config_file=file) as reader:
        assert reader.info("durable")
    with MessageWriter("lab", config_file=file) as writer:
        writer.publish("while it is away")
    with MessageReader("lab", config_file=file, receive_timeout_ms=5000) as reader:
        assert "while it is away" == next(reader).value


@pytest.mark.parametrize(
    ("version", "given", "reader", "writer"),
    [
        (1, {}, "me", "me"),
        (2, {}, "me", "me"),
        (3, {}, "me", "me-writer"),
        (2, {"writer_client_id": "other"}, "me", "other"),
        (3, {"writer_client_id": "other"}, "me", "other"),
    ],
)
def test_the_broker_gets_the_client_id_that_info_tells(
    version: int, given: dict[str, Any], reader: str, writer: str, tmp_path: Path
) -> None:
    scripts = [b"", b""]
    with Server(*scripts) as server:
        server.opened.set()
        common = {"type": "mqtt", "brokers": server.address, "topic": "t", "client_id": "me"}
        file = config_file(tmp_path, version, **common, type_spec=given)
        for opened, expected in ((MessageReader("lab", config_file=file), reader), (_writer(file), writer)):
            with opened:
                assert ("me", expected) == (opened.client_id, opened.info("mqtt.client_id"))

    assert [len(name).to_bytes(2) + name.encode() for name in (reader, writer)] == [
        connect[12:] for connect in server.connects
    ]


def _writer(file: Path) -> MessageWriter[Any]:
    return MessageWriter("lab", config_file=file)


@pytest.mark.parametrize(
    ("version", "consistency", "warnings"),
    [(1, "AT_LEAST_ONCE", 1), (2, "EXACTLY_ONCE", 1), (2, "AT_MOST_ONCE", 0), (3, "AT_LEAST_ONCE", 0)],
)
def test_before_version_3_one_warning_tells_that_a_writer_may_end_a_session(
    version: int, consistency: str, warnings: int, topic: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = {
        "type": "mqtt",
        "brokers": "localhost",
        "topic": topic,
        "consistency": consistency,
        "client_id": topic[-16:],
    }
    file = config_file(tmp_path, version, **given)
    for _ in range(2):
        _writer(file)

    assert warnings == sum("writer_client_id" in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(("code", "kind"), [(2, ConnectionError), (5, AuthorizationError)])
def test_a_refusal_that_the_client_id_may_cause_names_it_and_the_parameter(
    code: int, kind: type[SinetError], parameters: Made
) -> None:
    connack = bytes((0x20, 2, 0, code))
    with Server(b"", b"", connack=connack) as server:
        server.opened.set()
        given = parameters(server.address) | {"client_id": "me"}
        with pytest.raises(kind, match=r"'me-writer'.*type_spec.writer_client_id"):
            MessageWriter(topic="t", **given).open()
    with Server(b"", b"", connack=connack) as server:
        server.opened.set()
        given = parameters(server.address) | {"client_id": "me"}
        with pytest.raises(kind, match=r"'me'.*client_id"):
            MessageReader(topics="t", **given).open()


@pytest.mark.parametrize("bad", ["", "a\n", 5, "x" * 65536])
def test_a_client_id_that_cannot_be_sent_is_refused(bad: Any, parameters: Made) -> None:
    with pytest.raises(ValueError, match="writer_client_id"):
        MessageWriter(topic="t", **parameters("localhost", writer_client_id=bad))
    with pytest.raises(ValueError, match="client_id"):
        MessageWriter(topic="t", **parameters("localhost") | {"client_id": "x" * 65530})


@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_of_two_readers_of_one_process_the_newer_takes_over(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = parameters(mosquitto_broker.address(), protocol=protocol, **SOON) | {"client_id": topic[-16:]}
    failures: Queue[Any] = Queue()
    older = AsyncMessageReader(topics=topic, **given)
    older.on_message, older.on_failure = print, failures.put
    with older, MessageReader(topics=topic, receive_timeout_ms=5000, **given) as newer:
        error = failures.get(timeout=10)
        with MessageWriter(topic=topic, **given) as writer:
            writer.publish("value")

        assert isinstance(error, NotOpenError)
        assert f"a reader of '{topic}'" in str(error)
        assert "closed" == older.info("mqtt.state")
        assert "value" == next(newer).value
        assert 1 == newer.info("mqtt.connections")
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert 1 == sum("opened later" in words for words in warnings)


def test_a_reader_that_was_taken_over_raises_and_then_ends(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    given = parameters(mosquitto_broker.address(), **SOON) | {"client_id": topic[-16:]}
    with MessageReader(topics=topic, **given) as older, MessageReader(topics=f"{topic}/other", **given):
        with pytest.raises(NotOpenError, match=f"{topic}/other"):
            next(older)
        assert [] == list(older)


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE"])
def test_a_writer_that_was_taken_over_says_so_and_that_nothing_was_sent(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, consistency: str
) -> None:
    given = parameters(mosquitto_broker.address(), consistency, **SOON) | {"client_id": topic[-16:]}
    with AsyncMessageWriter(topic=topic, **given) as older, MessageWriter(topic=topic, **given) as newer:
        newer.publish("value")
        for _ in range(500):
            if older.info("mqtt.state") == "closed":
                break
            threading.Event().wait(0.02)
        with pytest.raises(NotOpenError, match="opened later") as raised:
            older.publish("value").get(10)

        assert "not_sent" == raised.value.outcome
        newer.publish("value")


def test_a_newer_one_that_the_broker_refuses_takes_nothing_over(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str
) -> None:
    known = {"username": "alice", "password": "alice-test-only"}
    address, own = mosquitto_broker.address("password"), {"client_id": topic[-16:]}
    with MessageReader(topics=topic, receive_timeout_ms=5000, **parameters(address, username_pw=known) | own) as reader:
        with pytest.raises(AuthorizationError):
            MessageReader(topics=topic, **parameters(address, username_pw=known | {"password": "x"}) | own).open()
        with MessageWriter(topic=topic, **parameters(address, username_pw=known)) as writer:
            writer.publish("value")

        assert "value" == next(reader).value


def test_connecting_again_takes_nothing_over(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    with LossyProxy(mosquitto_broker.address()) as proxy:
        given = parameters(proxy.address, **SOON) | {"client_id": topic[-16:]}
        with MessageReader(topics=topic, receive_timeout_ms=5000, **given) as reader:
            proxy.cut()
            with MessageWriter(topic=topic, **given) as writer:
                writer.publish("value")

            assert "value" == next(reader).value
            assert 2 == reader.info("mqtt.connections")
    assert not any("opened later" in record.getMessage() for record in caplog.records)


class Opened:
    def __init__(self, number: int) -> None:
        self.number = number


def test_an_older_connection_does_not_come_back_to_a_broker_that_a_newer_one_uses() -> None:
    identities, identity = Identities(), Identity("broker:1883", "me")
    older, newer = Opened(1), Opened(2)
    assert identities.enter(identity, newer) is None
    assert newer is identities.enter(identity, older)
    assert not identities.is_accepted(identity, newer)
    assert [] == identities.settle(identity, newer)

    assert identities.is_accepted(identity, newer)
    assert newer is identities.enter(identity, older)
    identities.leave(newer)
    assert identities.enter(identity, older) is None


def test_what_was_accepted_is_kept_when_a_later_attempt_fails() -> None:
    identities, identity = Identities(), Identity("broker:1883", "me")
    holder, newer = Opened(1), Opened(2)
    identities.enter(identity, holder)
    identities.settle(identity, holder)
    identities.leave(holder, accepted=False)
    assert identities.enter(identity, newer) is None
    assert newer is identities.rival(holder)
    identities.leave(newer, accepted=False)

    assert identities.rival(holder) is None
    assert identities.is_accepted(identity, holder)


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
def test_two_processes_that_throw_each_other_out_are_told(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    given = parameters(mosquitto_broker.address(), protocol=protocol, **SOON) | {
        "client_id": topic[-16:],
        "topics": topic,
    }
    failures: Queue[Any] = Queue()
    reader = AsyncMessageReader(**given)
    reader.on_message, reader.on_failure = print, failures.put
    other = subprocess.Popen(
        [sys.executable, "-c", FIGHTING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        with reader:
            assert other.stdin is not None
            other.stdin.write(f"{given!r}\n")
            other.stdin.flush()
            error = failures.get(timeout=60)
    finally:
        other.communicate("\n", timeout=60)

    assert isinstance(error, ConnectionError)
    words = f"another client with this client_id, {topic[-16:]!r}"
    assert words in str(error)
    assert any(words in record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)


def test_connections_that_were_reset_are_no_sign_of_another_client(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mosquitto_broker.proxy() as proxy:
        given = parameters(proxy.address, **SOON) | {"client_id": topic[-16:]}
        with MessageReader(topics=topic, receive_timeout_ms=5000, **given) as reader:
            for number in range(1, 6):
                proxy.cut()
                for _ in range(500):
                    if reader.info("mqtt.connections") == number + 1:
                        break
                    threading.Event().wait(0.02)
            with MessageWriter(topic=topic, **given) as writer:
                writer.publish("value")

            assert "value" == next(reader).value
    assert not any("another client" in record.getMessage() for record in caplog.records)
