"""How long one step towards a broker may take, and what waiting cannot mend."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sinetstream.errors import ConnectionError

__all__ = ["SLICE_S", "Deadline", "PermanentConnectionError"]

T = TypeVar("T")

SLICE_S = 0.2
"""How long an attempt may take before it raises TimeoutError, to be made again."""


class PermanentConnectionError(ConnectionError):
    """What waiting cannot mend."""


class Deadline:
    """How long one step may take, in slices between which it may be stopped."""

    def __init__(self, seconds: float, stop: threading.Event) -> None:
        self._seconds = seconds
        self._stop = stop

    def wait(self, attempt: Callable[[], T]) -> T:
        """Raises the attempt's own TimeoutError when it has taken too long."""
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                return attempt()
            except TimeoutError:
                if self._stop.is_set() or time.monotonic() >= deadline:
                    raise
