"""The line that can be cut does to connections what its calls say."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tools.brokers import CutProxy

PATIENCE = 5.0


@pytest.fixture
def echo() -> Iterator[str]:
    """The address of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection:
                try:
                    while data := connection.recv(4096):
                        connection.sendall(data)
                except ConnectionError:
                    pass

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

        threads = [threading.Thread(target=accept)]
        threads[0].start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(PATIENCE)


@pytest.fixture
def proxy(echo: str) -> Iterator[CutProxy]:
    with CutProxy(echo) as proxy:
        yield proxy


def connect(proxy: CutProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), PATIENCE)


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    answer = b""
    while len(answer) < len(text):
        answer += connection.recv(len(text))
    return answer


def test_it_forwards_both_ways(proxy: CutProxy) -> None:
    with connect(proxy) as connection:
        assert ask(connection, b"x" * 100_000) == b"x" * 100_000


def test_it_passes_the_end_on(proxy: CutProxy) -> None:
    with connect(proxy) as connection:
        ask(connection, b"x")
        connection.shutdown(socket.SHUT_WR)

        assert connection.recv(1) == b""


def test_a_cut_resets_connections_and_new_ones_work(proxy: CutProxy) -> None:
    with connect(proxy) as old:
        ask(old, b"x")
        proxy.cut()

        with pytest.raises(ConnectionResetError):
            old.recv(1)
        with connect(proxy) as new:
            assert ask(new, b"y") == b"y"


def test_refusing_resets_connections_and_refuses_new_ones_until_resumed(proxy: CutProxy) -> None:
    with connect(proxy) as old:
        ask(old, b"x")
        proxy.refuse()

        with pytest.raises(ConnectionResetError):
            old.recv(1)
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
    proxy.resume()
    with connect(proxy) as new:
        assert ask(new, b"y") == b"y"


def test_a_silent_line_takes_what_is_sent_and_delivers_it_when_resumed(proxy: CutProxy) -> None:
    with connect(proxy) as old:
        ask(old, b"x")
        proxy.silence()
        with connect(proxy) as new:
            for connection in (old, new):
                connection.sendall(b"y")
                connection.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    connection.recv(1)
            proxy.resume()
            for connection in (old, new):
                connection.settimeout(PATIENCE)
                assert connection.recv(1) == b"y"


def test_a_silent_line_can_be_cut(proxy: CutProxy) -> None:
    with connect(proxy) as connection:
        ask(connection, b"x")
        proxy.silence()
        proxy.cut()

        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_dead_broker_behind_it_resets_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"127.0.0.1:{server.getsockname()[1]}"
    with CutProxy(dead) as proxy, pytest.raises(ConnectionResetError), connect(proxy) as connection:
        connection.recv(1)  # or the connection was reset before `connect` returned


def test_closed_it_leaves_no_thread_and_its_port_is_free(echo: str) -> None:
    proxy = CutProxy(echo)
    with connect(proxy) as connection:
        ask(connection, b"x")
        proxy.close()
        proxy.close()

    assert [thread for thread in threading.enumerate() if thread.name == "cut-proxy"] == []
    CutProxy(echo, address=proxy.address).close()
