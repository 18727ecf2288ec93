"""What a test of the kit finds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["KEPT", "Broken", "Finding", "Verdict", "not_declared", "refused", "undetectable"]


class Verdict(Enum):
    """What became of one promise; the value is how the report card says it."""

    KEPT = "kept"
    REFUSED = "refused as declared"
    NOT_DECLARED = "not declared"
    UNDETECTABLE = "undetectable"
    BROKEN = "broken"


class Finding(NamedTuple):
    """A verdict, and what there is to say about it."""

    verdict: Verdict
    detail: str = ""


KEPT = Finding(Verdict.KEPT)


def refused(detail: str) -> Finding:
    """The plugin does not promise it, and says so when it is asked."""
    return Finding(Verdict.REFUSED, detail)


def not_declared(detail: str) -> Finding:
    """The plugin does not promise it."""
    return Finding(Verdict.NOT_DECLARED, detail)


def undetectable(reason: str) -> Finding:
    """Kept or not, it cannot be seen here."""
    return Finding(Verdict.UNDETECTABLE, reason)


class Broken(AssertionError):  # noqa: N818  as a verdict is called
    """A promise is broken; the message is the evidence."""
