"""Checks that what is read and written in a transaction becomes final together, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sinetstream import EXACTLY_ONCE, MessageReader, MessageWriter
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, if_declared
from sinetstream.testing.partial_reads import rest, take
from sinetstream.testing.received import check_nothing_lost, shown
from sinetstream.testing.streams import receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Transactions"]


class _BodyRaisedError(Exception):
    """Raised by the body of the `with` block."""


class Transactions(Area):
    """`writer.transaction(reader)`."""

    @if_declared(Ability.EXACTLY_ONCE, Ability.TRANSACTION)
    def test_only_what_is_committed_arrives(self, trial: Trial) -> None:
        """Messages of a committed transaction arrive; messages of an aborted one never do."""
        *aborted, first, second = trial.values(4)

        def write() -> None:
            with trial.writer(consistency=EXACTLY_ONCE) as writer:
                with _aborted(writer):
                    for value in aborted:
                        writer.publish(value, **trial.keyed)
                with writer.transaction():
                    for value in (first, second):
                        writer.publish(value, **trial.keyed)

        with receiving("sync", trial, consistency=EXACTLY_ONCE) as received:
            within(4 * trial.patience_s, "two transactions", write)
            got = received.wait_for([first, second])

        check_nothing_lost([first, second], got, received.errors)
        _check_none_of(aborted, got, "came, although its transaction was aborted")

    @if_declared(Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE, Ability.TRANSACTION, lasting=True)
    def test_what_an_aborted_transaction_read_comes_again(self, trial: Trial) -> None:
        """Messages read in an aborted transaction are delivered again."""
        values = trial.values(3)

        def read(reader: MessageReader[Any], writer: MessageWriter[Any]) -> list[bytes]:
            with _aborted(writer, reader):
                take(reader, len(values))
            with writer.transaction(reader):
                return take(reader, len(values))

        check_nothing_lost(values, _used(trial, values, read))

    @if_declared(Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE, Ability.TRANSACTION, lasting=True)
    def test_what_a_committed_transaction_read_is_finished(self, trial: Trial) -> None:
        """Messages read in a committed transaction are not delivered again; later ones are."""
        values = trial.values(5)

        def read(reader: MessageReader[Any], writer: MessageWriter[Any]) -> list[bytes]:
            with writer.transaction(reader):
                return take(reader, 2)

        finished = _used(trial, values, read)
        got = rest(trial, values[2:], consistency=EXACTLY_ONCE)

        _check_none_of(finished, got, "came again, although its transaction was committed")
        check_nothing_lost(values[2:], got)


@contextmanager
def _aborted(writer: MessageWriter[Any], reader: MessageReader[Any] | None = None) -> Iterator[None]:
    with suppress(_BodyRaisedError), writer.transaction(reader):
        yield
        raise _BodyRaisedError


def _used(trial: Trial, values: Sequence[bytes], read: Callable[[Any, Any], list[bytes]]) -> list[bytes]:
    def run() -> list[bytes]:
        reader = trial.reader(**trial.subscription, consistency=EXACTLY_ONCE)
        with reader, trial.writer(consistency=EXACTLY_ONCE) as writer:
            trial.send(values, consistency=EXACTLY_ONCE)
            return read(reader, writer)

    return within(6 * trial.patience_s, "reading in transactions", run)


def _check_none_of(values: Sequence[bytes], got: Sequence[bytes], problem: str) -> None:
    wrong = [value for value in values if value in got]
    if wrong:
        raise Broken(f"{shown(wrong[0])} {problem}")
