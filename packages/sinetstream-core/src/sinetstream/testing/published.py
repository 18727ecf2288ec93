"""Publishes values and records the outcome of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sinetstream import AsyncMessageWriter, SinetError
from sinetstream.testing.received import shown
from sinetstream.testing.verdict import Broken

__all__ = ["Outcomes", "check_not_sent", "errors_of", "published"]

Outcomes = dict[bytes, Exception | None]
"""For each value that was published its error, None where it was confirmed."""


def published(writer: Any, values: Sequence[bytes], seconds: float) -> Outcomes:
    outcomes: Outcomes = {}
    for value in values:
        try:
            promise = writer.publish(value)
            if isinstance(writer, AsyncMessageWriter):
                promise.get(seconds)
        except Exception as error:  # noqa: BLE001  what it is, is the question
            outcomes[value] = error
        else:
            outcomes[value] = None
    return outcomes


def errors_of(outcomes: Outcomes) -> list[Exception]:
    return [error for error in outcomes.values() if error is not None]


def check_not_sent(outcomes: Outcomes, received: Sequence[bytes]) -> None:
    """`Broken` where a message arrived whose error said that it was not sent."""
    for value, error in outcomes.items():
        if isinstance(error, SinetError) and error.outcome == "not_sent" and value in received:
            raise Broken(f"{shown(value)} arrived, although its error says `not_sent`: {error!r}") from error
