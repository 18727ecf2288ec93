"""Connecting ends in time: for each address, for slow resolvers, and for whoever closes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sinetstream import MessageReader
from sinetstream.errors import ConnectionError
from sinetstream.spi import Deadline
from sinetstream_plugins.mqtt.network.connector import Connector

pytestmark = pytest.mark.mqtt

Address = tuple[str, int]
Resolver = Callable[..., list[Any]]


@pytest.fixture
def good() -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@pytest.fixture
def hole() -> Iterator[Address]:
    """Where SYNs are not answered: nobody accepts, and the queue is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        with pytest.raises(TimeoutError):
            socket.create_connection(server.getsockname(), 0.3)
        yield server.getsockname()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Resolver]:
    """What the system's resolver does for chosen names."""
    known: dict[str, Resolver] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in known:
            return real(host, port, *args, **kwargs)
        if kwargs.get("flags", 0) & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "a name")
        return known[host]()

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.fixture
def stuck(resolver: dict[str, Resolver]) -> Iterator[str]:
    """A name whose resolution does not end before the test does."""
    over = threading.Event()

    def wait() -> list[Any]:
        over.wait(60)
        return []

    resolver["stuck.example"] = wait
    yield "stuck.example"
    over.set()
    for thread in threading.enumerate():
        if thread.name == "sinetstream-mqtt-resolver":
            thread.join(10)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    resolver: dict[str, Resolver], hole: Address, good: Address
) -> None:
    resolver["dual.example"] = lambda: [
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in (hole, good)
    ]
    with Connector().connect_tcp("dual.example", 1883, Deadline(1)) as connected:
        assert good == connected.getpeername()


def test_a_name_without_an_address_is_an_error_that_says_so(resolver: dict[str, Resolver]) -> None:
    def fail() -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    resolver["nowhere.example"] = fail
    with pytest.raises(socket.gaierror, match="not known"):
        Connector().connect_tcp("nowhere.example", 1883, Deadline(10))


def test_a_resolver_that_takes_too_long_is_an_error_in_time(
    stuck: str, parameters: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(ConnectionError, match=f"{stuck}.*in time"):
        MessageReader(topics="t", **parameters(stuck, connection_timeout=0.2)).open()


@pytest.mark.parametrize("where", ["stuck", "hole"])
def test_interrupting_ends_an_attempt_at_once(
    request: pytest.FixtureRequest, resolver: dict[str, Resolver], where: str
) -> None:
    place = request.getfixturevalue(where)
    host, port = (place, 1883) if isinstance(place, str) else place
    connector = Connector()
    failures: list[BaseException] = []

    def connect() -> None:
        try:
            connector.connect_tcp(host, port, Deadline(60))
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    while not (connector._connecting or any(one.name == "sinetstream-mqtt-resolver" for one in threading.enumerate())):
        thread.join(0.01)
    connector.interrupt()
    thread.join(10)

    assert not thread.is_alive()
    assert failures
    with pytest.raises(ConnectionAbortedError):
        connector.connect_tcp(host, port, Deadline(60))
