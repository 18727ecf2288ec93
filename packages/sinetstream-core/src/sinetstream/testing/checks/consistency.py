"""Checks the three delivery guarantees, also where a reader fails or its process is killed."""

from __future__ import annotations

import pytest

from sinetstream import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE, Consistency
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.killing import Unpicklable, Victim
from sinetstream.testing.partial_reads import fails_at, rest
from sinetstream.testing.received import check_nothing_lost, check_nothing_twice, shown
from sinetstream.testing.streams import KINDS, Kind, publish, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, not_declared, not_observable

__all__ = ["Consistencies"]


class Consistencies(Area):
    """At most once, at least once, exactly once."""

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_at_most_once_delivers(self, trial: Trial, kind: Kind) -> None:
        """At most once: messages arrive, none of them twice."""
        _delivers(trial, kind, AT_MOST_ONCE)

    @pytest.mark.parametrize("kind", KINDS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_at_least_once_delivers(self, trial: Trial, kind: Kind) -> None:
        """At least once: messages arrive; where it is not declared, every constructor refuses it."""
        _delivers(trial, kind, AT_LEAST_ONCE)

    @pytest.mark.parametrize("kind", KINDS)
    @if_declared(Ability.EXACTLY_ONCE)
    def test_exactly_once_delivers(self, trial: Trial, kind: Kind) -> None:
        """Exactly once: messages arrive, none of them twice; where it is not declared, every constructor refuses it."""
        _delivers(trial, kind, EXACTLY_ONCE)

    @always
    def test_at_most_once_never_repeats(self, trial: Trial) -> None:
        """At most once: messages that a reader got before it failed are not delivered again."""
        values = trial.values(6)
        got = fails_at(2, trial, values, consistency=AT_MOST_ONCE)

        _check_not_again(got, rest(trial, [], consistency=AT_MOST_ONCE))

    @if_declared(Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE, lasting=True)
    def test_at_least_once_survives_an_exception(self, trial: Trial) -> None:
        """At least once: a reader that fails in the loop's body loses nothing, and its message is delivered again."""
        _survives_an_exception(trial, AT_LEAST_ONCE)

    @if_declared(Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE, lasting=True)
    def test_exactly_once_survives_an_exception(self, trial: Trial) -> None:
        """Exactly once: a reader that fails loses nothing, and no acknowledged message is delivered again."""
        finished, got = _survives_an_exception(trial, EXACTLY_ONCE)

        check_nothing_twice([*finished, *got])

    @if_declared(Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE, Ability.DURABLE)
    def test_at_least_once_survives_kill_9(self, trial: Trial) -> Finding | None:
        """At least once: a reader killed with `kill -9` in the loop's body and started again loses nothing."""
        return _survives_kill_9(trial, AT_LEAST_ONCE)

    @if_declared(Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE, Ability.DURABLE)
    def test_exactly_once_survives_kill_9(self, trial: Trial) -> Finding | None:
        """Exactly once: a reader killed with `kill -9` in the loop's body and started again loses nothing."""
        return _survives_kill_9(trial, EXACTLY_ONCE)

    @if_declared(Ability.DURABLE)
    def test_at_most_once_never_repeats_after_kill_9(self, trial: Trial) -> Finding | None:
        """At most once: messages that a reader got before `kill -9` are not delivered again."""
        if not trial.durable(AT_MOST_ONCE):
            return not_declared("DURABLE is not declared at most once with the parameters that the harness gives")
        values = trial.values(7)
        try:
            victim = Victim(trial, consistency=AT_MOST_ONCE)
        except Unpicklable as error:
            return _nobody_killed(error)
        trial.send(values, consistency=AT_MOST_ONCE)
        got = victim.holding(2)
        victim.kill()

        _check_not_again(got, rest(trial, [], consistency=AT_MOST_ONCE))
        return None


def _delivers(trial: Trial, kind: Kind, consistency: Consistency) -> None:
    values = trial.values(7)
    with receiving(kind, trial, consistency=consistency) as received:
        publish(kind, trial, values, consistency=consistency)
        got = received.wait_for(values)

    if consistency is not AT_LEAST_ONCE:
        check_nothing_twice(got)
    check_nothing_lost(values, got, received.errors)


def _survives_an_exception(trial: Trial, consistency: Consistency) -> tuple[list[bytes], list[bytes]]:
    values = trial.values(7)
    first = fails_at(2, trial, values, consistency=consistency)
    got = rest(trial, values[2:], consistency=consistency)

    check_nothing_lost(values, [*first, *got])
    _check_again(first[2], got)
    return first[:2], got


def _survives_kill_9(trial: Trial, consistency: Consistency) -> Finding | None:
    values = trial.values(10)
    try:
        victim = Victim(trial, consistency=consistency)
    except Unpicklable as error:
        return _nobody_killed(error)
    trial.send(values[:7], consistency=consistency)
    first = victim.holding(2)
    victim.kill()
    trial.send(values[7:], consistency=consistency)
    got = Victim(trial, consistency=consistency).reading(values[2:])

    check_nothing_lost(values, [*first, *got])
    _check_again(first[2], got)
    return None


def _nobody_killed(error: Unpicklable) -> Finding:
    return not_observable(f"nobody was killed: the parameters or classes cannot be sent to another process ({error})")


def _check_not_again(got: list[bytes], later: list[bytes]) -> None:
    again = [value for value in later if value in got]
    if again:
        raise Broken(f"{shown(again[0])} was handed out a second time, although it promises at most once")


def _check_again(held: bytes, got: list[bytes]) -> None:
    if held not in got:
        raise Broken(f"acknowledged too early: {shown(held)} was not finished, and did not come again")
