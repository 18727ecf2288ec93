"""Makes TCP connections within a deadline."""

from __future__ import annotations

import contextlib
import socket
import threading
from queue import Empty, SimpleQueue
from typing import Any

from sinetstream.spi import Deadline

__all__ = ["Connector"]


class Connector:
    """One thread connects. `interrupt`, from any thread, ends its attempt, and each later one at once."""

    def __init__(self) -> None:
        self.interrupted = False
        self._connecting: socket.socket | None = None
        self._answers: SimpleQueue[Any] = SimpleQueue()

    def interrupt(self) -> None:
        """From any thread, any number of times."""
        self.interrupted = True
        self._answers.put(ConnectionAbortedError("interrupted"))
        connecting = self._connecting
        if connecting is not None:
            with contextlib.suppress(OSError):
                connecting.shutdown(socket.SHUT_RDWR)

    def connect_tcp(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """Connect to the first of the host's addresses that answers; each has its part of the time that is left."""
        failure: OSError = TimeoutError("timed out")
        addresses = self._resolve(host, port, deadline)
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                self.watch(sock, deadline, parts=len(addresses) - number)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def watch(self, sock: socket.socket, deadline: Deadline, *, parts: int = 1) -> None:
        """Let what is done with this socket next end in time, and when interrupted."""
        self._connecting = sock
        sock.settimeout(self._left_s(deadline) / parts)

    def unwatch(self, *, close: bool) -> None:
        """The attempt has ended."""
        if close and self._connecting is not None:
            self._connecting.close()
        self._connecting = None

    def _left_s(self, deadline: Deadline) -> float:
        if self.interrupted:
            raise ConnectionAbortedError("interrupted")
        if deadline.is_over:
            raise TimeoutError("timed out")
        return max(0.001, deadline.left_s)

    def _resolve(self, host: str, port: int, deadline: Deadline) -> list[Any]:
        with contextlib.suppress(socket.gaierror):
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        answers = self._answers = SimpleQueue()
        left = self._left_s(deadline)
        # Nothing bounds the time of the system's resolver: its thread is left behind where the time is over.
        threading.Thread(
            target=_resolve_into, args=(host, port, answers), name="sinetstream-mqtt-resolver", daemon=True
        ).start()
        try:
            answer = answers.get(timeout=left)
        except Empty:
            raise TimeoutError(f"{host!r} was not resolved in time") from None
        if isinstance(answer, Exception):
            raise answer
        return list(answer)


def _resolve_into(host: str, port: int, answers: SimpleQueue[Any]) -> None:
    try:
        answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except Exception as error:  # noqa: BLE001  raised where it is waited for
        answers.put(error)
