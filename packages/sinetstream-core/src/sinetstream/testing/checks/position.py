"""Checks reading from another position."""

from __future__ import annotations

import time
from typing import Any

from sinetstream.spi import Ability
from sinetstream.testing.area import Area, if_declared
from sinetstream.testing.partial_reads import take
from sinetstream.testing.received import Received, check_nothing_lost
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Position"]

_APART_S = 0.2  # the messaging system may take the time a little before or after `publish`


class Position(Area):
    """Seeking, where the messaging system keeps messages that were read."""

    @if_declared(Ability.SEEK)
    def test_seeking_to_the_beginning_reads_again(self, trial: Trial) -> None:
        """After `seek_to_beginning` everything is read again; where SEEK is not declared, it is refused."""
        values = trial.values(3)

        def read() -> tuple[list[Any], list[Any]]:
            with trial.reader() as reader:
                trial.send(values)
                first = take(reader, len(values))
                reader.seek_to_beginning()
                return first, take(reader, len(values))

        first, again = within(4 * trial.patience_s, "reading twice", read)
        check_nothing_lost(values, first)
        check_nothing_lost(values, again)

    @if_declared(Ability.SEEK)
    def test_seeking_with_callbacks_reads_again(self, trial: Trial) -> None:
        """After `seek_to_beginning` of an `AsyncMessageReader` everything comes again."""
        values = trial.values(3)
        first, again = Received(trial.patience_s), Received(trial.patience_s)
        reader = trial.async_reader()
        reader.on_message = first.add
        with reader:
            trial.send(values)
            check_nothing_lost(values, first.wait_for(values))
            reader.on_message = again.add
            reader.seek_to_beginning()
            got = again.wait_for(values)

        check_nothing_lost(values, got)

    @if_declared(Ability.SEEK)
    def test_seeking_to_the_end_skips(self, trial: Trial) -> None:
        """After `seek_to_end` comes what is published later; where SEEK is not declared, it is refused."""
        *skipped, last = trial.values(4)

        def read() -> list[Any]:
            with trial.reader() as reader:
                trial.send(skipped)
                reader.seek_to_end()
                trial.send([last])
                return take(reader, 1)

        got = within(4 * trial.patience_s, "reading after seek_to_end", read)
        check_nothing_lost([last], got)

    @if_declared(Ability.SEEK_TIME)
    def test_seeking_to_a_time_skips(self, trial: Trial) -> None:
        """After `seek_to_time` comes the first message of that time or later; where it is not declared, it is refused."""
        earlier, later = trial.values(2)

        def read() -> tuple[list[Any], list[Any]]:
            with trial.reader() as reader:
                between = _publish_apart(trial, earlier, later)
                both = take(reader, 2)
                reader.seek_to_time(between)
                return both, take(reader, 1)

        both, got = within(4 * trial.patience_s, "reading after seek_to_time", read)
        check_nothing_lost([earlier, later], both)
        if got != [later]:
            raise Broken(f"after seek_to_time came {got!r}, not the message of that time")


def _publish_apart(trial: Trial, earlier: bytes, later: bytes) -> float:
    """Publish two messages, and return a time between theirs: a chosen one, or where times cannot be chosen one waited for."""
    with trial.writer() as writer:
        if Ability.TIMESTAMP in trial.declared.writer:
            now = time.time()
            writer.publish(earlier, now - 20)
            writer.publish(later, now - 10)
            return now - 15
        writer.publish(earlier)
        time.sleep(_APART_S)
        between = time.time()
        time.sleep(_APART_S)
        writer.publish(later)
        return between
