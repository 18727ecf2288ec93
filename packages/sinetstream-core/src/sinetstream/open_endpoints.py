"""Closes what a program has left open: endpoints that nothing refers to any more, and writers at the interpreter's exit."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import warnings
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from weakref import finalize

from sinetstream.spi.deadline import Deadline

__all__ = ["Opening"]

log = logging.getLogger("sinetstream")

_open: dict[int, Opening] = {}
_registered_in: list[
    int
] = []  # the processes in which `close_writers` is registered: this one, and those it was forked from


class Opening:
    """One opening of a reader or writer, from `open` to `end`. It does not refer to the endpoint itself.

    `close` closes it unless that was done already, lets pending publishes finish until the deadline, and returns how many
    it gave up. `close_timeout_s` is how long that may take. It is called

    - in a thread of its own, when the endpoint was collected without having been closed;
    - for a writer, in the main thread, when the interpreter exits (or a child of multiprocessing does): all open writers
      together get the longest of their times. No thread is started then, since Python 3.12 refuses that.

    A process that was forked leaves the openings of its parent alone.
    """

    def __init__(
        self, endpoint: object, label: str, close: Callable[[Deadline], int], *, close_timeout_s: float, at_exit: bool
    ) -> None:
        self.pid = os.getpid()
        self.label = label
        self.close = close
        self.close_timeout_s = close_timeout_s
        self.at_exit = at_exit
        self._finalizer = finalize(endpoint, self._close_forgotten)
        self._finalizer.atexit = False
        _open[id(self)] = self
        if at_exit:
            _register_at_exit(self.pid)

    def end(self) -> None:
        """It was closed."""
        self._finalizer.detach()
        _open.pop(id(self), None)

    def _close_forgotten(self) -> None:
        # Runs wherever the collector does, also where a lock is held: it takes no lock, and logs nothing.
        if self.pid == os.getpid():
            with suppress(RuntimeError):  # the interpreter exits: `close_writers` closes it
                start_new_thread(self._start_closing, ())

    def _start_closing(self) -> None:
        with suppress(RuntimeError):
            threading.Thread(target=self._close_and_tell, name="sinetstream-close", daemon=True).start()

    def _close_and_tell(self) -> None:
        words = (
            f"{self.label} was not closed, and nothing refers to it any more: it is closed now. Use `with`, or close()"
        )
        log.warning("%s", words)
        _close(self, Deadline(self.close_timeout_s))
        warnings.warn(words, ResourceWarning, stacklevel=2)


def close_writers() -> None:
    """Close all open writers of this process, within the longest of their times, and log what was given up."""
    writers = [opening for opening in list(_open.values()) if opening.at_exit and opening.pid == os.getpid()]
    if not writers:
        return
    deadline = Deadline(max(opening.close_timeout_s for opening in writers))
    for opening in writers:
        _close(opening, deadline)


def _close(opening: Opening, deadline: Deadline) -> None:
    began = monotonic()
    try:
        given_up = opening.close(deadline)
    except Exception as error:  # noqa: BLE001  there is no caller to raise it to
        log.warning("closing %s failed: %s: %s", opening.label, type(error).__name__, error)
        return
    if given_up:
        log.warning(
            "%s was not closed: %d publishes were given up, unconfirmed after %.1f s; whether the broker has them is unknown",
            opening.label,
            given_up,
            monotonic() - began,
        )


def _register_at_exit(pid: int) -> None:
    if pid in _registered_in:
        return
    _registered_in.append(pid)
    atexit.register(close_writers)
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        # Before Python 3.13 a forked child of multiprocessing ends without atexit's functions.
        from multiprocessing.util import Finalize

        Finalize(None, close_writers, exitpriority=100)
