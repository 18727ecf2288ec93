"""Ends another thread's wait for its sockets."""

from __future__ import annotations

import contextlib
import socket

__all__ = ["Waker"]


class Waker:
    """Who waits sets `asleep`, then looks for work once more, then waits; who brings work calls `wake` if asleep."""

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self.asleep = False

    def wake(self) -> None:
        """From any thread, also after `close`."""
        self.asleep = False
        with contextlib.suppress(OSError):
            self._write.send(b"\0")

    def rest(self) -> None:
        """Begin anew, awake."""
        with contextlib.suppress(OSError):
            self._read.recv(1024)

    def fileno(self) -> int:
        return self._read.fileno()

    def close(self) -> None:
        self._read.close()
        self._write.close()
