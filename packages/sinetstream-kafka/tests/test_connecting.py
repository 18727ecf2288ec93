"""Opening has an end, with a cause, and can be stopped."""

import gc
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, ConnectionError, MessageReader, MessageWriter
from sinetstream_plugins.kafka.options.client_options import parse
from sinetstream_plugins.kafka.produce.producer import connect

PATIENCE_S = 20.0
PROMPT_S = 3.0

# kafka-python leaves sockets to the garbage collector where it did not get through.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@contextmanager
def listener(*behaviours: Callable[[socket.socket], None]) -> Iterator[tuple[str, threading.Event]]:
    """Each connection is treated as the next of these says, and those after the last as it does."""
    reached_last, threads = threading.Event(), list[threading.Thread]()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket, behaviour: Callable[[socket.socket], None]) -> None:
            with connection, suppress(OSError, struct.error):
                behaviour(connection)

        def accept() -> None:
            count = 0
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    behaviour = behaviours[min(count, len(behaviours) - 1)]
                    count += 1
                    threads.append(threading.Thread(target=serve, args=(connection, behaviour)))
                    threads[-1].start()
                    if count >= len(behaviours):
                        reached_last.set()

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", reached_last
        server.shutdown(socket.SHUT_RDWR)
    accepting.join()
    for thread in threads:
        thread.join()


def silent(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def answers(connection: socket.socket) -> None:
    """As a broker does, whatever is asked: it knows the request that a diagnosis looks for."""
    while True:
        (size,) = struct.unpack(">i", connection.recv(4))
        correlation = connection.recv(size)[4:8]
        body = struct.pack(">hihhh", 0, 1, 22, 0, 5)
        connection.sendall(struct.pack(">i", 4 + len(body)) + correlation + body)


def service(address: str, **type_spec: Any) -> dict[str, Any]:
    return {"no_config": True, "type": "kafka", "brokers": address, "topic": "t", "type_spec": type_spec}


def hidden(broker: Any) -> dict[str, Any]:
    """A broker that answers, and advertises the address of a proxy that is not there: nobody else uses this broker."""
    return {"no_config": True, "type": "kafka", "brokers": broker.address("behind_proxy")}


def advertised(broker: Any) -> str:
    return re.escape(str(broker.address("proxied"))) + ".* cannot be reached from here .*advertised"


def test_a_cluster_that_falls_silent_after_the_diagnosis_is_a_connection_error_with_a_cause() -> None:
    with listener(answers, silent) as (address, _):
        with pytest.raises(ConnectionError, match="did not answer in time") as failed:
            MessageWriter(consistency="AT_LEAST_ONCE", **service(address, bootstrap_timeout_ms=500)).open()

        assert failed.value.__cause__ is not None
        assert [] == [thread.name for thread in threading.enumerate() if thread.name.endswith("-network-thread")]


@pytest.mark.parametrize("ours", [{"topics": "t"}, {"type_spec": {"topic_pattern": "t.*"}}], ids=["topic", "pattern"])
@pytest.mark.parametrize("group", [{}, {"group_id": "g"}], ids=["alone", "group"])
def test_a_reader_names_the_advertised_addresses_that_it_cannot_reach(
    breakable_kafka: Any, ours: dict[str, Any], group: dict[str, str]
) -> None:
    settings = hidden(breakable_kafka) | ours
    settings["type_spec"] = {"bootstrap_timeout_ms": 2000, **group, **ours.get("type_spec", {})}
    with pytest.raises(ConnectionError, match=advertised(breakable_kafka)):
        MessageReader(**settings).open()


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_writer_names_the_advertised_addresses_that_it_cannot_reach(breakable_kafka: Any, consistency: str) -> None:
    settings = hidden(breakable_kafka) | {"consistency": consistency, "type_spec": {"bootstrap_timeout_ms": 2000}}
    with pytest.raises(ConnectionError, match=advertised(breakable_kafka)):
        MessageWriter(topic="t", **settings).open()


@pytest.mark.parametrize("behaviours", [(silent,), (answers, silent)], ids=["diagnosis", "bootstrap"])
@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SSL"])
def test_connecting_stops_soon_after_it_is_told(behaviours: Any, protocol: str) -> None:
    if protocol == "SSL" and len(behaviours) > 1:
        behaviours = behaviours[1:]  # the diagnosis ends at TLS
    stop, ended = threading.Event(), threading.Event()

    def open_it(address: str) -> None:
        params = {"brokers": address, "client_id": "me", "consistency": AT_LEAST_ONCE}
        with suppress(ConnectionError):
            connect(parse({**params, "type_spec": {"security_protocol": protocol}}, "writer"), "t", stop)
        ended.set()

    with listener(*behaviours) as (address, reached_last):
        connecting = threading.Thread(target=open_it, args=(address,))
        connecting.start()
        assert reached_last.wait(PATIENCE_S)
        began = time.monotonic()
        stop.set()
        assert ended.wait(PATIENCE_S)
        took = time.monotonic() - began
        connecting.join()

    assert took < PROMPT_S
