"""Times as users give them, in seconds, and as messages carry them, in microseconds."""

from __future__ import annotations

from math import inf
from time import time_ns

from sinetstream.errors import InvalidArgumentError

__all__ = ["in_seconds", "microseconds", "now_us"]

_LATEST_S = 9_000_000_000_000
"""A message has 64 bits for its microseconds."""


def in_seconds(milliseconds: float) -> float | None:
    """A timeout parameter for what waits; None, which is for ever, for `math.inf`."""
    return None if milliseconds == inf else milliseconds / 1000


def now_us() -> int:
    """Microseconds since the Unix epoch."""
    return time_ns() // 1000


def microseconds(seconds: object) -> int:
    """Rounded to the nearest. Raises `InvalidArgumentError`, which does not show what it was given: not all can print."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        words = f"must be seconds since the Unix epoch, not {type(seconds).__name__}"
        raise InvalidArgumentError(f"timestamp: {words}")
    if not abs(seconds) < _LATEST_S:
        words = f"must be seconds since the Unix epoch, fewer than {_LATEST_S:,} either way"
        raise InvalidArgumentError(f"timestamp: {words}")
    return round(seconds * 1_000_000)
