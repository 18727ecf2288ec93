"""Finds threads and descriptors that are still there after `close`."""

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
    """Threads that were not running when this object was made."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def check_none_left(self, patience_s: float) -> None:
        """Wait for threads that are ending; `Broken` where one is still running."""
        deadline = monotonic() + patience_s
        left = [thread for thread in threading.enumerate() if thread not in self._before]
        for thread in left:
            thread.join(max(0, deadline - monotonic()))
        names = sorted(thread.name for thread in left if thread.is_alive())
        if names:
            raise Broken(f"{len(names)} threads left after close: {', '.join(names)}")


class Descriptors:
    """Descriptors that were not open when this object was made."""

    def __init__(self) -> None:
        self._before = _open()

    @staticmethod
    def visible() -> bool:
        """Whether this platform lists open descriptors."""
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
