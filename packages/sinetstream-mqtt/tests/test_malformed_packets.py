"""Packets that no real broker sends stop nothing: the line is dropped and made again."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from sinetstream import MessageReader

pytestmark = pytest.mark.mqtt

CONNACK = b"\x20\2\0\0"
GOOD = b"\x30\x07\0\1tgood"


class Server:
    """Accepts a client, confirms its subscription, sends one script per connection, and hangs up at the end of all."""

    def __init__(self, *scripts: bytes) -> None:
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        self._thread = threading.Thread(target=self._run)
        self.opened = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept, which close does not
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            for script in self._scripts:
                connection = self._listener.accept()[0]
                with connection:
                    connection.recv(1000)
                    connection.sendall(CONNACK)
                    identifier = connection.recv(1000)[2:4]
                    connection.sendall(b"\x90\3" + identifier + b"\0")
                    self.opened.wait(10)
                    connection.sendall(script)
                    while connection.recv(1000):
                        pass


@pytest.fixture
def reading(parameters: Callable[..., dict[str, Any]]) -> Callable[[Server], Any]:
    @contextlib.contextmanager
    def made(server: Server) -> Iterator[MessageReader[str]]:
        delay = {"min_delay": 0.01, "max_delay": 0.05}
        given = parameters(server.address, "AT_MOST_ONCE", reconnect_delay=delay) | {"user_data_only": True}
        with MessageReader(topics="t", receive_timeout_ms=5000, **given) as reader:
            server.opened.set()
            yield reader

    return made


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xf0\0",
        b"\x30\1\0",
        b"\x30\xff\xff\xff\xff\x7f",
        b"\x40\0",
        b"\x62\0",
        b"\x90\0",
        b"\x36\5\0\1tx\0",
        b"\x20\0",
        b"\xe0\3abc",
    ],
)
def test_after_a_malformed_packet_reading_goes_on(reading: Callable[[Server], Any], garbage: bytes) -> None:
    with Server(garbage + GOOD, GOOD) as server, reading(server) as reader:
        message = next(reader)  # either is fine: of the same connection, or of the next

        assert ("good", "t") == (message.value, message.topic)


def test_a_topic_that_is_not_utf_8_is_shown_as_well_as_it_can_be(reading: Callable[[Server], Any]) -> None:
    with Server(b"\x30\x08\0\2\xff\xfegood") as server, reading(server) as reader:
        message = next(reader)

        assert ("good", "\ufffd\ufffd") == (message.value, message.topic)
