"""Rejected promises that nobody has looked at, and the log line that tells of them."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from sinetstream.spi.delivery import Delivery

__all__ = ["UnhandledRejections"]

_GATHER_S = 1.0  # after the first, so that what fails together is told together
_INTERVAL_S = 60.0
_CAUSES = 1000  # kept until they are told, at most


class UnhandledRejections:
    """The rejected promises of one open writer that nobody has looked at.

    Those that nobody can look at any longer, because they were collected, are told at most once a minute, by the writer's
    dispatch thread (`due_in`, `tell`); the rest is told when the writer closes (`tell_all`).

    `add` and `discard` may be called from any thread. A promise may be collected at any point of any thread, where a lock
    is held or at exit: what runs then takes no lock and logs nothing. It calls `dict.pop`, `list.append` and `wake`.
    """

    def __init__(self, log: logging.Logger, writer: str, wake: Callable[[], object]) -> None:
        self._log = log
        self._writer = writer
        self._wake = wake
        self._existing: dict[weakref.ref[Delivery[Any]], str] = {}  # with the cause: an error could keep its promise
        self._collected: list[str] = []
        self._when_collected = self._move_to_collected
        self._due: float | None = None
        self._next = 0.0

    def add(self, delivery: Delivery[Any], error: Exception) -> None:
        """It is rejected, and nobody has looked at it."""
        self._existing[weakref.ref(delivery, self._when_collected)] = _cause(error)

    def discard(self, delivery: Delivery[Any]) -> None:
        """Somebody has looked at it."""
        if self._existing:
            self._existing.pop(weakref.ref(delivery), None)

    def _move_to_collected(self, reference: weakref.ref[Delivery[Any]]) -> None:
        cause = self._existing.pop(reference, None)
        if cause is None:
            return
        first = not self._collected
        self._collected.append(cause if len(self._collected) < _CAUSES else "")
        if first:
            self._wake()

    def due_in(self) -> float | None:
        """In how many seconds to call `tell`; None while nothing is to be told."""
        if not self._collected:
            return None
        now = monotonic()
        if self._due is None:
            self._due = max(now + _GATHER_S, self._next)
        return max(0.0, self._due - now)

    def tell(self) -> None:
        """Log those that were collected, in a thread of its own: whoever closes the writer may hold a lock of `logging`."""
        self._due, self._next = None, monotonic() + _INTERVAL_S
        told = self._take_collected()
        try:
            threading.Thread(target=self._write, args=told, name="sinetstream-log", daemon=True).start()
        except RuntimeError:  # no thread can be started
            self._write(*told)

    def tell_all(self) -> None:
        """Log those that were collected or still exist, in this thread."""
        count, first = self._take_collected()
        oldest = ""
        while self._existing:
            with suppress(KeyError):  # the last one was collected meanwhile
                oldest = self._existing.popitem()[1]
                count += 1
        self._write(count, first or oldest)

    def _take_collected(self) -> tuple[int, str]:
        count = len(self._collected)
        first = self._collected[0] if count else ""
        del self._collected[:count]
        return count, first

    def _write(self, count: int, first: str) -> None:
        if count:
            self._log.error(
                "%s: nobody has looked at %d rejected %s (with `get`, `await`, `catch` or a second handler of `then`); the first: %s",
                self._writer,
                count,
                "promise" if count == 1 else "promises",
                first,
            )


def _cause(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001  an error of the user's that cannot be printed
        return type(error).__name__
