"""Iterating a plugin's reader, old ones included."""

from __future__ import annotations

from typing import Any

__all__ = ["Item", "is_end"]

Item = tuple[bytes, str | None, Any]


def is_end(error: Exception) -> bool:
    """Whether what `next` raised is the end of an iteration.

    The published guide's sample raises StopIteration inside a generator, which Python (PEP 479) turns into a
    RuntimeError: it is the end that it was meant as.
    """
    return isinstance(error, StopIteration) or (
        isinstance(error, RuntimeError) and isinstance(error.__cause__, StopIteration)
    )
