"""What comes from a broker is taken as it is there."""

import socket
from collections.abc import Iterator

import pytest
from sinetstream_plugins.kafka.kafka_python.recv_buffer import receive

Ends = tuple[socket.socket, socket.socket]


class AskedError(Exception):
    pass


def ask() -> tuple[bytes, None]:
    raise AskedError


@pytest.fixture
def ends() -> Iterator[Ends]:
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        yield here, there


@pytest.mark.parametrize("size", [1, 1 << 18, (1 << 18) + 1])
def test_all_that_is_there_comes_in_order(ends: Ends, size: int) -> None:
    here, there = ends
    there.setblocking(False)
    sent = bytes(number % 251 for number in range(size))
    sent = sent[: there.send(sent)]  # as much as the system takes
    got = b""
    while len(got) < len(sent):
        part, error = receive(here, ask)
        assert error is None
        got += part
    assert sent == got


def test_what_came_before_the_end_is_not_lost(ends: Ends) -> None:
    here, there = ends
    there.sendall(b"last words")
    there.close()

    assert (b"last words", None) == receive(here, ask)
    with pytest.raises(AskedError):
        receive(here, ask)


def test_where_nothing_is_there_kafka_python_finds_out_why(ends: Ends) -> None:
    with pytest.raises(AskedError):
        receive(ends[0], ask)
