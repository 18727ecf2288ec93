"""Collects the messages and errors of readers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from time import monotonic
from typing import Any

from sinetstream import Message
from sinetstream.testing.verdict import Broken

__all__ = ["Received", "check_nothing_altered", "check_nothing_lost", "check_nothing_twice", "check_order", "shown"]


def shown(value: object) -> str:
    """A short form of a value for error messages."""
    text = repr(value)
    return (
        text if len(text) <= 60 else f"{text[:40]}... ({len(value)} bytes)" if isinstance(value, bytes) else text[:60]
    )


class Received:
    """Messages and errors from any thread. `wait_for` returns when everything is there, or nothing more will come."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self.messages: list[Message[Any]] = []
        self.errors: list[Exception] = []

    @property
    def values(self) -> list[Any]:
        """The messages' values."""
        return [message.value for message in self.messages]

    def add(self, message: Message[Any]) -> None:
        """Record a message."""
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Record an error."""
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def first(self) -> Message[Any]:
        """The first message; `Broken` where none comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.messages, self._patience_s):
                raise Broken(f"no message came within {self._patience_s:g} s")
            return self.messages[0]

    def wait_for(self, expected: Sequence[Any], seconds: float | None = None) -> list[Any]:
        """Wait until all of `expected` are here: at most `patience_s`, and a tenth of it after the last of them.

        An empty list waits for nothing. What is missing is for the caller to say.
        """
        deadline = monotonic() + (self._patience_s if seconds is None else seconds)
        missing: list[Any] = list(expected)
        seen = 0
        with self._changed:
            while missing:
                for value in self.values[seen:]:
                    if value in missing:
                        missing.remove(value)
                if len(self.messages) > seen and expected[-1] not in missing:
                    deadline = min(deadline, monotonic() + self._patience_s / 10)
                seen = len(self.messages)
                if missing and not self._changed.wait(max(0, deadline - monotonic())) and monotonic() >= deadline:
                    break
            return self.values

    def wait_for_error(self, kind: type[Exception]) -> Exception:
        """The first error of that kind; `Broken` where none comes."""
        with self._changed:
            self._changed.wait_for(lambda: any(isinstance(error, kind) for error in self.errors), self._patience_s)
            for error in self.errors:
                if isinstance(error, kind):
                    return error
            raise Broken(f"no {kind.__name__} came within {self._patience_s:g} s, only {self.errors!r}")


def check_nothing_lost(sent: Sequence[Any], got: Sequence[Any], errors: Sequence[Exception] = ()) -> None:
    """`Broken` unless each value in `sent` was received."""
    lost = [value for value in sent if value not in got]
    if lost:
        instead = f", and {errors[0]!r}" if errors else ""
        raise Broken(f"{len(lost)} of {len(sent)} messages lost, the first {shown(lost[0])}; {len(got)} came{instead}")


def check_nothing_twice(got: Sequence[Any]) -> None:
    """`Broken` where a value was received more than once."""
    twice = [value for value, count in Counter(got).items() if count > 1]
    if twice:
        raise Broken(f"{len(twice)} messages came more than once, the first {shown(twice[0])}")


def check_nothing_altered(sent: Sequence[Any], got: Sequence[Any]) -> None:
    """`Broken` where a value was received that was not sent."""
    altered = [value for value in got if value not in sent]
    if altered:
        raise Broken(
            f"{len(altered)} messages came that nobody sent, altered on the way: the first {shown(altered[0])}"
        )


def check_order(sent: Sequence[Any], got: Sequence[Any]) -> None:
    """What has come is in the order in which it was sent; what was lost or came again does not matter here."""
    place = {value: index for index, value in enumerate(sent)}
    known = [value for value in dict.fromkeys(got) if value in place]
    for before, after in pairwise(known):
        if place[before] > place[after]:
            raise Broken(
                f"out of order: {shown(after)} was sent as number {place[after]} and came after {shown(before)}, "
                f"number {place[before]}"
            )
