"""The three delivery guarantees."""

from __future__ import annotations

from enum import Enum

__all__ = ["AT_LEAST_ONCE", "AT_MOST_ONCE", "EXACTLY_ONCE", "Consistency"]


class Consistency(Enum):
    """How often a message may arrive: docs/delivery.md says what each guarantees, and how far that reaches."""

    AT_MOST_ONCE = 0
    AT_LEAST_ONCE = 1
    EXACTLY_ONCE = 2

    def __repr__(self) -> str:
        return self.name


AT_MOST_ONCE = Consistency.AT_MOST_ONCE
AT_LEAST_ONCE = Consistency.AT_LEAST_ONCE
EXACTLY_ONCE = Consistency.EXACTLY_ONCE
