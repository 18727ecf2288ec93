"""Checks what happens when the broker is unreachable, refuses, or is interrupted and restored."""

from __future__ import annotations

import pytest

from sinetstream import AT_LEAST_ONCE, EXACTLY_ONCE, AuthorizationError, ConnectionError, SinetError
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.interruptions import (
    AWAY_S,
    UNINTERRUPTIBLE,
    across_an_interruption,
    interrupted,
    interruptible,
    until_one_arrives,
)
from sinetstream.testing.leaks import Threads
from sinetstream.testing.published import errors_of, published
from sinetstream.testing.raised import check_open_raises, check_ours
from sinetstream.testing.received import check_nothing_lost, check_nothing_twice
from sinetstream.testing.streams import KINDS, Kind, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, not_observable
from sinetstream.testing.waiting import Call, within

__all__ = ["Failures"]

WRITERS = ["writer", "async_writer"]
ENDS = ["reader", "async_reader", *WRITERS]


class Failures(Area):
    """The application gets one of our errors, and the delivery guarantees still hold."""

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_an_unreachable_broker_is_a_connection_error(self, trial: Trial, end: str) -> Finding | None:
        """`open` of an unreachable broker raises our `ConnectionError` in time and leaves no thread or descriptor; the constructor raises nothing."""
        if trial.harness.unreachable is None:
            return not_observable("the harness gives no `unreachable` parameters")
        check_open_raises(trial, end, trial.harness.unreachable, ConnectionError)
        return None

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_a_refusing_broker_is_an_authorization_error(self, trial: Trial, end: str) -> Finding | None:
        """`open` raises our `AuthorizationError` where the broker refuses, and leaves no thread or descriptor."""
        if trial.harness.forbidden is None:
            return not_observable("the harness gives no `forbidden` parameters")
        check_open_raises(trial, end, trial.harness.forbidden, AuthorizationError)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_a_refused_publish_is_an_authorization_error(self, trial: Trial, end: str) -> Finding | None:
        """At least once: publishing what the broker refuses raises our `AuthorizationError`."""
        if trial.harness.read_only is None:
            return not_observable("the harness gives no `read_only` parameters")
        with getattr(trial, end)(**trial.harness.read_only, consistency=AT_LEAST_ONCE) as writer:
            (error,) = published(writer, trial.values(1), trial.patience_s).values()
        if error is None:
            raise Broken("what the broker refused was confirmed")
        check_ours(trial, [error])
        if not isinstance(error, AuthorizationError):
            raise Broken(f"publishing raised {error!r}, not AuthorizationError") from error
        return None

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_reading_goes_on_after_an_interruption(self, trial: Trial, kind: Kind) -> Finding | None:
        """A reader that was open when the broker was interrupted reads on when it is restored, and raises only our errors."""
        if not interruptible(trial):
            return UNINTERRUPTIBLE
        (before,) = trial.values(1, "before")
        with receiving(kind, trial) as received:
            trial.send([before])
            check_nothing_lost([before], received.wait_for([before]), received.errors)
            with interrupted(trial):
                pass
            until_one_arrives(trial, received)
        check_ours(trial, received.errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @always
    def test_writing_goes_on_after_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """A writer that was open when the broker was interrupted publishes on when it is restored, and raises only our errors."""
        if not interruptible(trial):
            return UNINTERRUPTIBLE
        writer = getattr(trial, end)(publish_timeout_ms=trial.patience_s * 100)
        errors: list[Exception] = []

        def publish(value: bytes) -> None:
            errors.extend(errors_of(published(writer, [value], trial.patience_s / 10)))

        with receiving("sync", trial) as received, writer:
            publish(trial.values(1, "before")[0])
            with interrupted(trial):
                within(
                    trial.patience_s, "publish while the broker is away", lambda: publish(trial.values(1, "away")[0])
                )
            until_one_arrives(trial, received, publish)
        check_ours(trial, errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_nothing_confirmed_is_lost_in_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """At least once: confirmed messages survive an interruption, those that failed as `not_sent` do not arrive, every promise ends."""
        if not interruptible(trial):
            return UNINTERRUPTIBLE
        confirmed, got, errors = across_an_interruption(trial, end)

        check_nothing_lost(confirmed, got, errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.EXACTLY_ONCE)
    def test_nothing_comes_twice_in_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """Exactly once: confirmed messages survive an interruption, and none arrives twice."""
        if not interruptible(trial):
            return UNINTERRUPTIBLE
        confirmed, got, errors = across_an_interruption(trial, end, consistency=EXACTLY_ONCE)

        check_nothing_lost(confirmed, got, errors)
        check_nothing_twice(got)
        return None

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_closing_while_interrupted_leaves_nothing(self, trial: Trial, end: str) -> Finding | None:
        """`close` during an interruption returns in time, ends a publish that waits, and leaves no thread."""
        if not interruptible(trial):
            return UNINTERRUPTIBLE
        threads = Threads()
        api = getattr(trial, end)(close_timeout_ms=200, publish_timeout_ms=3000 * trial.patience_s)
        api.open()
        values = trial.values(1) if end in WRITERS else []
        with interrupted(trial):
            publishing = Call("a publish whose writer was closed", lambda: published(api, values, 3 * trial.patience_s))
            publishing.ends(AWAY_S)
            try:
                within(trial.patience_s, "close while the broker is away", api.close)
            except SinetError as error:
                check_ours(trial, [error])
            check_ours(trial, errors_of(publishing.result(trial.patience_s)))
            threads.check_none_left(trial.patience_s)
        return None
