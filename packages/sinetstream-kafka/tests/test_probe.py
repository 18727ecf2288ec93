"""Against listeners that are not what the client takes them for; one by one, each with its own reason."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sinetstream import ConnectionError
from sinetstream.spi.addresses import Address
from sinetstream_plugins.kafka.probe.bootstrap import reach

Behaviour = Callable[[socket.socket], None]


@contextmanager
def listener(behaviour: Behaviour) -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    behaviour(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(*server.getsockname())
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def client(protocol: str = "PLAINTEXT", **settings: Any) -> dict[str, Any]:
    return {"client_id": "me", "security_protocol": protocol, "bootstrap_timeout_ms": 300, **settings}


def answers(body: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        size = struct.unpack(">i", connection.recv(4))[0]
        correlation = connection.recv(size)[4:8]
        connection.sendall(struct.pack(">i", 4 + len(body)) + correlation + body)
        while connection.recv(1000):
            pass

    return behave


def test_a_name_that_does_not_exist_is_told_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(ConnectionError, match="name cannot be resolved") as failed:
        reach([Address("no-such-host.invalid", 1)], client(bootstrap_timeout_ms=10_000))

    assert "no-such-host.invalid:1" == failed.value.broker
    assert time.monotonic() - began < 5


def test_nothing_that_listens_is_waited_for_and_then_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(ConnectionError, match=f"127.0.0.1:{port}: refused"):
        reach([Address("127.0.0.1", port)], client())

    assert time.monotonic() - began < 2


def test_a_port_that_does_not_answer() -> None:
    stop = threading.Event()

    def behave(connection: socket.socket) -> None:
        stop.wait(5)

    with listener(behave) as address:
        with pytest.raises(ConnectionError, match="does not answer"):
            reach([address], client())
        stop.set()


def test_what_is_not_kafka_is_told_at_once() -> None:
    def web(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listener(web) as address, pytest.raises(ConnectionError, match="does not speak Kafka"):
        reach([address], client(bootstrap_timeout_ms=10_000))


def test_a_listener_that_hangs_up_names_the_protocol() -> None:
    with (
        listener(lambda connection: None) as address,
        pytest.raises(ConnectionError, match="security_protocol PLAINTEXT"),
    ):
        reach([address], client())


def test_tls_to_a_listener_without_is_told_at_once() -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"\0\0\0\4what")

    tls = client("SSL", ssl_context=ssl.create_default_context(), bootstrap_timeout_ms=10_000)
    with listener(plain) as address, pytest.raises(ConnectionError, match="listener with TLS"):
        reach([address], tls)


def test_a_broker_that_is_too_old_is_told_at_once() -> None:
    body = struct.pack(">hi", 0, 1) + struct.pack(">hhh", 18, 0, 0)
    with listener(answers(body)) as address, pytest.raises(ConnectionError, match=r"version: .* older than"):
        reach([address], client(bootstrap_timeout_ms=10_000))


def test_a_truncated_answer_is_not_kafka() -> None:
    with listener(answers(b"\0\0\0\0\0\1\0")) as address, pytest.raises(ConnectionError, match="does not speak Kafka"):
        reach([address], client(bootstrap_timeout_ms=10_000))


def test_all_reasons_are_named() -> None:
    with pytest.raises(ConnectionError, match=r"one\.invalid.*two\.invalid") as failed:
        reach([Address("one.invalid", 1), Address("two.invalid", 1)], client())

    assert failed.value.broker is None


def test_a_name_server_that_does_not_answer_is_waited_for_no_longer_than_the_bootstrap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers.wait(20))
    began = time.monotonic()
    with pytest.raises(ConnectionError, match=r"kafka\.test:1: the name cannot be resolved: no answer"):
        reach([Address("kafka.test", 1)], client())
    took = time.monotonic() - began
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "sinetstream-kafka-resolver":
            thread.join()

    assert took < 5


@pytest.mark.parametrize("name", ["a..b", "x" * 64])
def test_what_cannot_be_a_name_is_told_at_once(name: str) -> None:
    with pytest.raises(ConnectionError, match="the name cannot be resolved"):
        reach([Address(name, 1)], client(bootstrap_timeout_ms=10_000))
