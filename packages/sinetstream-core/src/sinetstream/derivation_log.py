"""Tells that a reader spends its time on deriving keys from passwords."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

__all__ = ["DerivationLog"]

_PERIOD_S = 10.0
_MOST_IN_A_PERIOD = 10
_QUIET_S = 60.0


class DerivationLog:
    """Called for each key that a reader derives: more than one a second, over ten seconds, is a warning, once a minute.

    `whose` begins the line. May be called from several threads at once.
    """

    def __init__(self, whose: str, clock: Callable[[], float] = monotonic) -> None:
        self._whose = whose
        self._clock = clock
        self._lock = threading.Lock()
        self._began = self._told = float("-inf")
        self._count = 0

    def __call__(self) -> None:
        now = self._clock()
        with self._lock:
            if now - self._began > _PERIOD_S:
                self._began, self._count = now, 0
            self._count += 1
            if self._count <= _MOST_IN_A_PERIOD or now - self._told < _QUIET_S:
                return
            self._told = now
        import logging

        logging.getLogger("sinetstream").warning(
            "%s: more than one key a second is derived from a password: each start of a writer has a salt of its own, and "
            "somebody may send forged ones; where there are many writers, use crypto.key or crypto.keys (docs/security.md)",
            self._whose,
        )
