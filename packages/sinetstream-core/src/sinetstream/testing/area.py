"""The base class and decorators of all checks: they give each test a trial and record its verdict."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sinetstream.spi import Ability
from sinetstream.testing.harness import Harness
from sinetstream.testing.refusals import check_refused
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import KEPT, Broken, Finding, Verdict, not_declared, not_observable
from sinetstream.testing.waiting import within

__all__ = ["PROPERTY", "Area", "always", "if_declared"]

PROPERTY = "sinetstream"
"""The user property of a test's report that says what it is about, and another one that holds its verdict."""

_STARTING_S = 60.0

Test = Callable[..., Finding | None]


class Area:
    """Supply `harness`: a `Harness`, or a fixture that gives one."""

    harness: Any

    @pytest.fixture
    def trial(self, request: pytest.FixtureRequest) -> Iterator[Trial]:
        harness = self.harness if isinstance(self.harness, Harness) else request.getfixturevalue("harness")
        _check_names(harness, type(self))
        trial = Trial(harness, request.node.user_properties.append)
        yield trial
        trial.close()


def always(test: Test) -> Test:
    """A check that every plugin must pass."""
    return _judged(test, lambda _: None)


def if_declared(*abilities: Ability, lasting: bool = False) -> Callable[[Test], Test]:
    """A check for plugins that declare these abilities or, without arguments, that declare abilities at all.

    Where one is missing, the test is that the API refuses it. `lasting` tests look at what a second reader gets: they
    need a subscription that outlives `close`.
    """

    def ask(trial: Trial) -> Finding | None:
        if not trial.declared.declares:
            return not_declared("the plugin declares no abilities")
        missing = [ability for ability in abilities if trial.declared.lacking(ability)]
        findings = [check_refused(trial, ability) for ability in missing if ability is not Ability.DURABLE]
        if findings:
            return next((finding for finding in findings if finding.verdict is Verdict.REFUSED), findings[0])
        if Ability.DURABLE in abilities and not trial.durable():
            return not_declared("DURABLE is not declared with the parameters that the harness gives")
        if lasting and not trial.lasting:
            return not_declared("no subscription outlives `close` with these parameters: DURABLE is not declared")
        return None

    return lambda test: _judged(test, ask)


def _judged(test: Test, ask: Callable[[Trial], Finding | None]) -> Test:
    name = test.__name__

    @functools.wraps(test)
    def judged(self: Area, trial: Trial, **others: Any) -> None:
        area = test.__module__.rpartition(".")[2]
        promise = " ".join((test.__doc__ or name).split())
        trial.record((PROPERTY, {"area": area, "promise": promise}))
        reason = trial.harness.not_observable.get(name)
        finding = not_observable(reason) if reason else _found(trial, lambda: ask(trial) or test(self, trial, **others))
        trial.record((f"{PROPERTY}.verdict", (finding.verdict.name, finding.detail)))

    return judged


def _found(trial: Trial, test: Callable[[], Finding | None]) -> Finding:
    """Run the test with a time limit, so that a plugin that hangs fails the test instead of hanging the suite."""
    return within(8 * trial.patience_s + _STARTING_S, "the test", test) or KEPT


def _check_names(harness: Harness, suite: type[Any]) -> None:
    unknown = sorted(name for name in harness.not_observable if not hasattr(suite, name))
    if unknown:
        raise Broken(f"the harness names as not observable what is no test: {', '.join(unknown)}")
