"""The verdicts of the kit's tests."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ["KEPT", "Broken", "Finding", "Verdict", "not_declared", "not_observable", "refused"]


class Verdict(Enum):
    """The outcome of one test; the value is its name in the report."""

    KEPT = "kept"
    REFUSED = "refused as declared"
    NOT_DECLARED = "not declared"
    NOT_OBSERVABLE = "not observable"
    BROKEN = "broken"


class Finding(NamedTuple):
    """A verdict and its explanation."""

    verdict: Verdict
    detail: str = ""


KEPT = Finding(Verdict.KEPT)


def refused(detail: str) -> Finding:
    """The plugin does not declare the ability, and the API refuses what needs it."""
    return Finding(Verdict.REFUSED, detail)


def not_declared(detail: str) -> Finding:
    """The plugin does not declare the ability."""
    return Finding(Verdict.NOT_DECLARED, detail)


def not_observable(reason: str) -> Finding:
    """This messaging system, harness or platform cannot show whether the guarantee is kept."""
    return Finding(Verdict.NOT_OBSERVABLE, reason)


class Broken(AssertionError):  # noqa: N818  as a verdict is called
    """A guarantee is broken; the message says what was observed."""
