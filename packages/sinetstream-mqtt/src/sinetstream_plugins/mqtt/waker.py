"""Ends another thread's wait for its sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

__all__ = ["Waker"]


class Waker:
    """Who waits calls `doze`, then looks for work once more, then waits, then calls `arise`; who brings work calls `wake`
    if asleep, or does it in the other's stead.
    """

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self.asleep = False
        self._duty = threading.Lock()
        self._duty.acquire()
        self._deputies: set[int] = set()

    def doze(self) -> None:
        """Until `arise`, others may stand in."""
        self.asleep = True
        self._duty.release()

    def arise(self) -> None:
        """Be alone again; waits for who stands in."""
        self._duty.acquire()
        self.asleep = False

    @contextlib.contextmanager
    def stand_in(self) -> Iterator[bool]:
        """For another thread: whether the one that waits sleeps on till the end of the block. Does not block."""
        caller = threading.get_ident()
        if caller in self._deputies:
            yield False
            return
        self._deputies.add(caller)  # first: a signal may come as soon as the duty is ours
        stands = False
        try:
            stands = self._duty.acquire(blocking=False)
            yield stands
        finally:
            if stands:
                self._duty.release()
            self._deputies.discard(caller)

    def stands_in(self) -> bool:
        """Whether the caller does, as a signal's handler or a finalizer may find: the other then waits for it."""
        return threading.get_ident() in self._deputies

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
