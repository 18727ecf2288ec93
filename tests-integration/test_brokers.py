"""The test brokers are what the tests take them for. As far as that can be seen without a client library."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.brokers import KEY_PASSWORD, Broker, KafkaBroker, MosquittoBroker, UnavailableError
from tools.brokers.external import exports, external_broker
from tools.brokers.kafka_admin import connected
from tools.brokers.state import HOME, State

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=["kafka_broker", "mosquitto_broker"])
def broker(request: pytest.FixtureRequest) -> Broker:
    broker: Broker = request.getfixturevalue(request.param)
    return broker


@pytest.fixture(params=["breakable_kafka", "breakable_mosquitto"])
def breakable(request: pytest.FixtureRequest) -> Broker:
    broker: Broker = request.getfixturevalue(request.param)
    return broker


def identity(broker: Broker) -> State:
    for _, state in State.all():
        if state.addresses == broker.addresses:
            return state
    raise UnavailableError("this broker was not started here")


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Whoever runs the tests may have been given brokers: not so this program."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SINETSTREAM_TEST")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=False)


def shake_hands(broker: Broker, listener: str, context: ssl.SSLContext) -> None:
    with (
        socket.create_connection((broker.host(listener), broker.port(listener)), 10) as plain,
        context.wrap_socket(plain, server_hostname=broker.host(listener)) as encrypted,
    ):
        # With TLS 1.3 a client's certificate is judged after its handshake: a refusal arrives when it reads.
        encrypted.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            if encrypted.recv(1) == b"":
                raise ConnectionResetError


def trusting(broker: Broker, authority: str = "ca.crt", client: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=broker.secret(authority))
    if client:
        context.load_cert_chain(broker.secret(f"{client}.crt"), broker.secret(f"{client}.key"))
    return context


def test_a_broker_listens_on_loopback_only(broker: Broker) -> None:
    state = identity(broker)
    if state.identity is None:
        raise UnavailableError("in a container; the compose file says where it listens")
    sockets = psutil.Process(state.identity.pid).net_connections()
    listening = {entry.laddr for entry in sockets if entry.status == psutil.CONN_LISTEN}

    assert {ip for ip, _ in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert {broker.port(name) for name in broker.addresses if name != "proxied"} <= {port for _, port in listening}


def test_a_client_that_trusts_the_authority_gets_in(broker: Broker) -> None:
    shake_hands(broker, "tls", trusting(broker))


def test_a_client_that_trusts_another_authority_refuses(broker: Broker) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake_hands(broker, "tls", trusting(broker, "other-ca.crt"))


def test_the_certificate_for_another_host_is_noticed(broker: Broker) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(broker, "wrong_host", trusting(broker))


def test_a_client_with_a_certificate_gets_in(broker: Broker) -> None:
    shake_hands(broker, "mtls", trusting(broker, client="client"))


def test_the_encrypted_key_opens_with_its_password(broker: Broker) -> None:
    context = trusting(broker)
    context.load_cert_chain(broker.secret("client.crt"), broker.secret("client-encrypted.key"), KEY_PASSWORD)

    shake_hands(broker, "mtls", context)


@pytest.mark.parametrize("client", [None, "stranger", "expired"])
def test_a_client_without_a_good_certificate_is_refused(broker: Broker, client: str | None) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(broker, "mtls", trusting(broker, client=client))


def test_the_environment_that_describes_a_broker_finds_it_again(broker: Broker) -> None:
    found = external_broker(broker.kind, exports(broker))

    assert found is not None
    assert found.addresses == broker.addresses
    assert found.secret("ca.crt") == broker.secret("ca.crt")
    assert found.is_ready()
    with pytest.raises(UnavailableError, match="given by its address"):
        found.stop()


def test_a_listener_that_nobody_knows_is_unavailable(broker: Broker) -> None:
    with pytest.raises(UnavailableError, match="no-such"):
        broker.address("no-such")


def test_a_topic_has_leaders_when_it_was_created(kafka_broker: KafkaBroker) -> None:
    name = kafka_broker.create_topic(f"test-brokers-{os.getpid()}", partitions=3, max_message_bytes="2000")

    with connected(kafka_broker.address()) as admin:
        assert admin.leaders(name) == 3


def test_stopped_it_is_gone_and_started_it_is_where_it_was(breakable: Broker) -> None:
    breakable.stop()

    assert not breakable.is_running()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((breakable.host(), breakable.port()))
    breakable.start()
    assert breakable.is_ready()


def test_killed_it_comes_back_and_kafka_with_its_topics(breakable: Broker) -> None:
    if isinstance(breakable, KafkaBroker):
        breakable.create_topic("kept", partitions=3)
    breakable.kill()

    assert not breakable.is_running()
    breakable.start()
    assert breakable.is_ready()
    if isinstance(breakable, KafkaBroker):
        with connected(breakable.address()) as admin:
            assert admin.leaders("kept") == 3


def test_frozen_it_is_there_and_says_nothing(breakable: Broker) -> None:
    breakable.freeze()
    try:
        assert breakable.is_running()
        with socket.create_connection((breakable.host(), breakable.port()), 1) as connection:
            connection.settimeout(0.3)
            with pytest.raises(TimeoutError):
                connection.recv(1)
    finally:
        breakable.thaw()
    breakable.wait_ready()


def test_frozen_it_can_be_stopped(breakable: Broker) -> None:
    breakable.freeze()
    breakable.stop()

    assert not breakable.is_running()


def test_its_line_can_be_cut_off(breakable: Broker) -> None:
    with breakable.proxy() as proxy, socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
        proxy.cut()

        with pytest.raises(ConnectionResetError):
            connection.recv(1)


OWNER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background inherits that it is ignored
sys.path.insert(0, {root!r})
from tools.brokers import instances
broker = instances.private("mqtt", lambda text: None)
print(broker.port(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(mosquitto_broker: MosquittoBroker) -> Iterator["subprocess.Popen[str]"]:
    """A process that owns a broker, as a test run does. The other broker is there to say whether one can be had."""
    command = [sys.executable, "-c", OWNER.format(root=str(ROOT))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_broker_ends_with_its_owner_however_that_ends(owner: "subprocess.Popen[str]", number: int) -> None:
    assert owner.stdout is not None
    owner.stdout.readline()
    file = HOME / f"run-{owner.pid}" / "mqtt-1" / "state.json"
    broker = psutil.Process(json.loads(file.read_text())["identity"][0])
    owner.send_signal(number)

    broker.wait(10)
    owner.wait(10)
    done = run("tools/brokers", "status", "mqtt")
    assert f"of the test run {owner.pid}" in done.stdout
    assert "not running" in done.stdout
    file.unlink()


def test_a_process_id_that_now_belongs_to_another_process_is_not_taken_for_the_broker(breakable: Broker) -> None:
    state = identity(breakable)

    assert state.identity is not None
    assert state.identity.process() is not None
    assert state.identity._replace(started=state.identity.started - 60).process() is None


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_broker_that_cannot_be_had_is_named_last_and_fails_in_ci(tmp_path: Path, ci: str) -> None:
    """Where a broker is given, but not the listener that a test asks for: the way of all that is not to be had."""
    (tmp_path / "test_it.py").write_text("def test_it(mosquitto_broker):\n    mosquitto_broker.address('ws')\n")
    options = ["-c", str(ROOT / ".pytest.ini"), "--rootdir", str(ROOT), "-p", "conftest", str(tmp_path)]
    done = run("-m", "pytest", *options, SINETSTREAM_TEST_MQTT="127.0.0.1:9", CI=ci)

    assert bool(ci) == (done.returncode != 0), done.stdout + done.stderr
    tail = "\n".join(done.stdout.splitlines()[-6:])
    assert "without one, 1 tests did not run: mqtt: no address is known of the listener 'ws'" in tail


def test_an_output_that_nobody_reads_any_more_is_no_error() -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    named = {f"SINETSTREAM_TEST_{kind}{end}": "127.0.0.1:9" for kind in ("KAFKA", "MQTT") for end in ("", "_SECRETS")}
    try:
        done = subprocess.run(
            [sys.executable, "tools/brokers", "env"],
            cwd=ROOT,
            env=os.environ | named,
            stdout=writing_end,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing_end)

    assert done.stderr == ""
    assert done.returncode == 0
