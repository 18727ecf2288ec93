"""Times as users give them, in seconds, and as messages carry them, in microseconds."""

from __future__ import annotations

from math import isfinite
from time import time_ns

from sinetstream.errors import InvalidArgumentError

__all__ = ["microseconds", "now_us"]


def now_us() -> int:
    """Microseconds since the Unix epoch."""
    return time_ns() // 1000


def microseconds(seconds: object) -> int:
    """Rounded to the nearest. Raises `InvalidArgumentError`."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds):
        raise InvalidArgumentError(f"timestamp: must be seconds since the Unix epoch, not {seconds!r}")
    return round(seconds * 1_000_000)
