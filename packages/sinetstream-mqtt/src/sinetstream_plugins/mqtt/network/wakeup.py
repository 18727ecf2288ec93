"""Ends another thread's wait for its sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

__all__ = ["Wakeup"]


class Wakeup:
    """Who waits calls `begin_wait`, then looks for work once more, then waits, then calls `end_wait`; who brings work calls `wake`
    if asleep, or does it in the other's stead.
    """

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self.asleep = False
        self._lock = threading.Lock()
        self._lock.acquire()
        self._inline_threads: set[int] = set()

    def begin_wait(self) -> None:
        """Until `end_wait`, others may stand in."""
        self.asleep = True
        self._lock.release()

    def end_wait(self) -> None:
        """Be alone again; waits for who stands in."""
        self._lock.acquire()
        self.asleep = False

    @contextlib.contextmanager
    def run_inline(self) -> Iterator[bool]:
        """For another thread: whether the one that waits sleeps on till the end of the block. Does not block."""
        caller = threading.get_ident()
        if caller in self._inline_threads:
            yield False
            return
        self._inline_threads.add(caller)  # first: a signal may come as soon as the duty is ours
        stands = False
        try:
            stands = self._lock.acquire(blocking=False)
            yield stands
        finally:
            if stands:
                self._lock.release()
            self._inline_threads.discard(caller)

    def is_running_inline(self) -> bool:
        """Whether the caller does, as a signal's handler or a finalizer may find: the other then waits for it."""
        return threading.get_ident() in self._inline_threads

    def wake(self) -> None:
        """From any thread, also after `close`."""
        self.asleep = False
        with contextlib.suppress(OSError):
            self._write.send(b"\0")

    def drain(self) -> None:
        """Begin anew, awake."""
        with contextlib.suppress(OSError):
            self._read.recv(1024)

    def fileno(self) -> int:
        return self._read.fileno()

    def close(self) -> None:
        self._read.close()
        self._write.close()
