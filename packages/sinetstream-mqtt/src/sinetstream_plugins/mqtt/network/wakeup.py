"""Ends a thread's wait for its sockets, or does its work while it waits."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

__all__ = ["Wakeup"]


class Wakeup:
    """The network thread calls `begin_wait`, looks once more for work, waits for its sockets, and calls `end_wait`.

    A thread that brings work calls `wake` where `asleep` is true, or does it itself in a `run_inline` block.
    """

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self.asleep = False
        self._lock = threading.Lock()  # held by the thread that may use the client: the network thread unless it waits
        self._lock.acquire()
        self._inline_threads: set[int] = set()

    def begin_wait(self) -> None:
        """Let other threads run inline until `end_wait`."""
        self.asleep = True
        self._lock.release()

    def end_wait(self) -> None:
        """Wait for a thread that runs inline; no other does from now on."""
        self._lock.acquire()
        self.asleep = False

    @contextlib.contextmanager
    def run_inline(self) -> Iterator[bool]:
        """For another thread: whether it may do the network thread's work in the block. Does not block.

        False where the network thread does not wait, another thread runs inline, or this one does already.
        """
        caller = threading.get_ident()
        if caller in self._inline_threads:
            yield False
            return
        self._inline_threads.add(caller)  # before the lock: a signal's handler may call us as soon as that is taken
        runs = False
        try:
            runs = self._lock.acquire(blocking=False)
            yield runs
        finally:
            if runs:
                self._lock.release()
            self._inline_threads.discard(caller)

    def is_running_inline(self) -> bool:
        """Whether the caller was called, as a signal's handler or a finalizer is, in a `run_inline` block of its thread."""
        return threading.get_ident() in self._inline_threads

    def wake(self) -> None:
        """End the wait. From any thread, also after `close`."""
        self.asleep = False
        with contextlib.suppress(OSError):
            self._write.send(b"\0")

    def drain(self) -> None:
        """Read what `wake` has written, so that the next wait is one."""
        with contextlib.suppress(OSError):
            self._read.recv(1024)

    def fileno(self) -> int:
        return self._read.fileno()

    def close(self) -> None:
        self._read.close()
        self._write.close()
