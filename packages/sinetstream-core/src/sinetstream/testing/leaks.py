"""Threads and descriptors that somebody has left behind."""

from __future__ import annotations

import gc
import os
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic

from sinetstream.testing.verdict import Broken

__all__ = ["Descriptors", "Threads"]

_LISTING = Path("/dev/fd")


class Threads:
    """Those that run when this is made are nobody's fault."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def check_none_left(self, patience_s: float) -> None:
        """Wait for what is about to end; `Broken` where one does not."""
        deadline = monotonic() + patience_s
        left = [thread for thread in threading.enumerate() if thread not in self._before]
        for thread in left:
            thread.join(max(0, deadline - monotonic()))
        names = sorted(thread.name for thread in left if thread.is_alive())
        if names:
            raise Broken(f"{len(names)} threads left after close: {', '.join(names)}")


class Descriptors:
    """Those that are open when this is made are nobody's fault."""

    def __init__(self) -> None:
        self._before = _open()

    @staticmethod
    def visible() -> bool:
        """Whether this platform shows them."""
        return _LISTING.is_dir()

    def check_none_left(self, patience_s: float) -> None:
        """`Broken` where more are open than before; waits for what another thread is about to close."""
        deadline, tick = monotonic() + patience_s, threading.Event()
        while (left := _open() - self._before) and monotonic() < deadline:
            gc.collect()
            tick.wait(0.01)
        if left:
            raise Broken(f"{len(left)} descriptors left open after close: {', '.join(map(_target, sorted(left)))}")


def _open() -> set[int]:
    descriptors = set()
    for name in os.listdir(_LISTING):  # noqa: PTH208  names are enough
        with suppress(OSError):  # that of the listing itself is closed by now
            os.fstat(int(name))
            descriptors.add(int(name))
    return descriptors


def _target(descriptor: int) -> str:
    try:
        return f"{descriptor} ({(_LISTING / str(descriptor)).readlink()})"
    except OSError:
        return str(descriptor)
