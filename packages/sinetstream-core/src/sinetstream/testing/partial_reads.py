"""Reads some of the messages, then fails or closes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sinetstream import MessageReader
from sinetstream.testing.trial import Trial
from sinetstream.testing.waiting import within

__all__ = ["fails_at", "rest", "take"]


class _BodyRaisedError(Exception):
    """What the loop's body raises."""


def fails_at(index: int, trial: Trial, values: Sequence[bytes], **more: Any) -> list[bytes]:
    """Publish `values` to an open reader whose loop body raises at this message, and leave its `with` block so.

    What it got, the last unfinished. The values after it are published with the others.
    """
    got: list[bytes] = []
    reader = trial.reader(**trial.subscription, **more)

    def run() -> None:
        with reader:
            trial.send(values, **more)
            for message in reader:
                got.append(message.value)
                if len(got) > index:
                    raise _BodyRaisedError

    with suppress(_BodyRaisedError):
        within(4 * trial.patience_s, "reading with an exception in the loop's body", run)
    return got


def rest(trial: Trial, expected: Sequence[bytes], **more: Any) -> list[bytes]:
    """What a further reader of the same subscription gets, until it has `expected`, all of it finished.

    It also gets one more message, published now, so that nobody has to guess whether anything else comes.
    """
    (last,) = trial.values(1, "last")
    got: list[bytes] = []
    missing = {*expected, last}
    reader = trial.reader(**trial.subscription, **more)

    def run() -> None:
        with reader:
            trial.send([last], **more)
            for message in reader:
                got.append(message.value)
                missing.discard(message.value)
                if not missing:
                    break

    within(4 * trial.patience_s, "reading on", run)
    return [value for value in got if value != last]


def take(reader: MessageReader[Any], count: int) -> list[Any]:
    """The values of the next messages, so many, or less where the loop ends."""
    return [message.value for _, message in zip(range(count), reader, strict=False)]
