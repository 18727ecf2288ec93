"""TCP connections, made within a time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any

__all__ = ["Connector"]


class Connector:
    """One thread connects; any other may `interrupt`, which ends that attempt, and later ones at once."""

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

    def tcp(self, host: str, port: int, deadline: float) -> socket.socket:
        """Connected to the first of the host's addresses that answers; each has its part of the time that is left."""
        failure: OSError = TimeoutError("timed out")
        addresses = self._resolve(host, port, deadline)
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                self.hold(sock, deadline, parts=len(addresses) - number)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def hold(self, sock: socket.socket, deadline: float, *, parts: int = 1) -> None:
        """What is done with this socket next ends in time, and when interrupted."""
        self._connecting = sock
        sock.settimeout(self._left(deadline) / parts)

    def drop(self, *, close: bool) -> None:
        """There is no attempt any more."""
        if close and self._connecting is not None:
            self._connecting.close()
        self._connecting = None

    def _left(self, deadline: float) -> float:
        if self.interrupted:
            raise ConnectionAbortedError("interrupted")
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _resolve(self, host: str, port: int, deadline: float) -> list[Any]:
        with contextlib.suppress(socket.gaierror):
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        answers = self._answers = SimpleQueue()
        left = self._left(deadline)
        # The system's resolver takes as long as it likes: who waits no longer leaves it behind.
        threading.Thread(target=_ask, args=(host, port, answers), name="sinetstream-mqtt-resolver", daemon=True).start()
        try:
            answer = answers.get(timeout=left)
        except Empty:
            raise TimeoutError(f"{host!r} was not resolved in time") from None
        if isinstance(answer, Exception):
            raise answer
        return list(answer)


def _ask(host: str, port: int, answers: SimpleQueue[Any]) -> None:
    try:
        answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except Exception as error:  # noqa: BLE001  raised where it is waited for
        answers.put(error)
