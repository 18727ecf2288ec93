"""The broker cannot be reached, refuses, or goes away and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest

from sinetstream import (
    AT_LEAST_ONCE,
    EXACTLY_ONCE,
    AsyncMessageWriter,
    AuthorizationError,
    ConnectionError,
    SinetError,
)
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.leftovers import Descriptors, Threads
from sinetstream.testing.received import Received, check_nothing_lost, check_nothing_twice
from sinetstream.testing.streams import KINDS, Kind, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, undetectable
from sinetstream.testing.waiting import Call, within

__all__ = ["Failures"]

WRITERS = ["writer", "async_writer"]
ENDS = ["reader", "async_reader", *WRITERS]

_AWAY_S = 0.2


Outcomes = dict[bytes, Exception | None]
"""What became of each value that was published: its error, None where it was confirmed."""


class Failures(Area):
    """What comes out is one of our errors, and what was promised still holds."""

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_an_unreachable_broker_is_a_connection_error(self, trial: Trial, end: str) -> Finding | None:
        """`open` raises our `ConnectionError` where nobody answers, in time, and leaves no thread or descriptor; constructing does not."""
        if trial.harness.unreachable is None:
            return undetectable("the harness gives no `unreachable` parameters")
        _check_open_raises(trial, end, trial.harness.unreachable, ConnectionError)
        return None

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_a_refusing_broker_is_an_authorization_error(self, trial: Trial, end: str) -> Finding | None:
        """`open` raises our `AuthorizationError` where the broker refuses, and leaves no thread or descriptor."""
        if trial.harness.forbidden is None:
            return undetectable("the harness gives no `forbidden` parameters")
        _check_open_raises(trial, end, trial.harness.forbidden, AuthorizationError)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_a_refused_publish_is_an_authorization_error(self, trial: Trial, end: str) -> Finding | None:
        """Publishing what the broker refuses to take raises our `AuthorizationError`, from at least once on."""
        if trial.harness.read_only is None:
            return undetectable("the harness gives no `read_only` parameters")
        with getattr(trial, end)(**trial.harness.read_only, consistency=AT_LEAST_ONCE) as writer:
            (error,) = _published(writer, trial.values(1), trial.patience_s).values()
        if error is None:
            raise Broken("what the broker refused was confirmed")
        _check_ours(trial, [error])
        if not isinstance(error, AuthorizationError):
            raise Broken(f"publishing raised {error!r}, not AuthorizationError") from error
        return None

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_reading_goes_on_after_an_interruption(self, trial: Trial, kind: Kind) -> Finding | None:
        """A reader that was open when the broker went away reads on when it is back, and raises only our errors."""
        if not _interruptible(trial):
            return _UNINTERRUPTIBLE
        (before,) = trial.values(1, "before")
        with receiving(kind, trial) as received:
            trial.send([before])
            check_nothing_lost([before], received.wait_for([before]), received.errors)
            with _interrupted(trial):
                pass
            _until_one_arrives(trial, received)
        _check_ours(trial, received.errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @always
    def test_writing_goes_on_after_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """A writer that was open when the broker went away writes on when it is back, and raises only our errors."""
        if not _interruptible(trial):
            return _UNINTERRUPTIBLE
        writer = getattr(trial, end)(publish_timeout_ms=trial.patience_s * 100)
        errors: list[Exception] = []

        def publish(value: bytes) -> None:
            errors.extend(_errors(_published(writer, [value], trial.patience_s / 10)))

        with receiving("sync", trial) as received, writer:
            publish(trial.values(1, "before")[0])
            with _interrupted(trial):
                within(
                    trial.patience_s, "publish while the broker is away", lambda: publish(trial.values(1, "away")[0])
                )
            _until_one_arrives(trial, received, publish)
        _check_ours(trial, errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_nothing_confirmed_is_lost_in_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """At least once: what was confirmed arrives, though the broker went away; and each promise ends."""
        if not _interruptible(trial):
            return _UNINTERRUPTIBLE
        confirmed, got, errors = _across_an_interruption(trial, end)

        check_nothing_lost(confirmed, got, errors)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.EXACTLY_ONCE)
    def test_nothing_comes_twice_in_an_interruption(self, trial: Trial, end: str) -> Finding | None:
        """Exactly once: what was confirmed arrives, and nothing arrives twice, though the broker went away."""
        if not _interruptible(trial):
            return _UNINTERRUPTIBLE
        confirmed, got, errors = _across_an_interruption(trial, end, consistency=EXACTLY_ONCE)

        check_nothing_lost(confirmed, got, errors)
        check_nothing_twice(got)
        return None

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_closing_while_interrupted_leaves_nothing(self, trial: Trial, end: str) -> Finding | None:
        """`close` while the broker is away returns in time, ends a publish that waits, and leaves no thread."""
        if not _interruptible(trial):
            return _UNINTERRUPTIBLE
        threads = Threads()
        api = getattr(trial, end)(close_timeout_ms=200, publish_timeout_ms=3000 * trial.patience_s)
        api.open()
        values = trial.values(1) if end in WRITERS else []
        with _interrupted(trial):
            publishing = Call(
                "a publish whose writer was closed", lambda: _published(api, values, 3 * trial.patience_s)
            )
            publishing.ends(_AWAY_S)
            try:
                within(trial.patience_s, "close while the broker is away", api.close)
            except SinetError as error:
                _check_ours(trial, [error])
            _check_ours(trial, _errors(publishing.result(trial.patience_s)))
            threads.check_none_left(trial.patience_s)
        return None


_UNINTERRUPTIBLE = undetectable("the harness gives no `interrupt` and `restore`")


def _interruptible(trial: Trial) -> bool:
    return trial.harness.interrupt is not None and trial.harness.restore is not None


@contextmanager
def _interrupted(trial: Trial) -> Iterator[None]:
    interrupt, restore = trial.harness.interrupt, trial.harness.restore
    if interrupt is None or restore is None:
        raise Broken("the harness has no `interrupt` and `restore`")
    interrupt()
    try:
        yield
    finally:
        restore()


def _check_open_raises(trial: Trial, end: str, params: Any, expected: type[SinetError]) -> None:
    threads = Threads()
    _open_raises(trial, end, params, expected)
    threads.check_none_left(trial.patience_s)
    if Descriptors.visible():
        descriptors = Descriptors()
        _open_raises(trial, end, params, expected)
        descriptors.check_none_left(trial.patience_s)


def _open_raises(trial: Trial, end: str, params: Any, expected: type[SinetError]) -> None:
    api = getattr(trial, end)(**params)
    try:
        within(trial.patience_s + 1, f"{end}.open", api.open)
    except expected as error:
        hidden = error.__context__
        if trial.declared.declares and error.__cause__ is None and not isinstance(hidden, SinetError | None):
            raise Broken(f"{end}.open raised {error!r} and hid its cause, which was {hidden!r}") from error
    except Exception as error:
        _check_ours(trial, [error])
        raise Broken(f"{end}.open raised {error!r}, not {expected.__name__}") from error
    else:
        raise Broken(f"{end}.open returned, although it was to raise {expected.__name__}")


def _check_ours(trial: Trial, errors: Sequence[Exception]) -> None:
    """Only our errors come out, and none that the plugin let through for the core to wrap."""
    for error in errors:
        if not isinstance(error, SinetError):
            raise Broken(f"{type(error).__name__} leaked, which is none of sinetstream.errors: {error}") from error
        cause = error.__cause__
        if trial.declared.declares and type(error) is SinetError and not isinstance(cause, SinetError | None):
            raise Broken(
                f"{type(cause).__name__} leaked from the plugin: it is neither one of sinetstream.errors nor in the "
                f"plugin's table `errors`: {cause}"
            ) from error


def _until_one_arrives(trial: Trial, received: Received, publish: Any = None) -> None:
    """Publish one message after another until one arrives."""
    deadline = monotonic() + trial.patience_s
    number = 0
    while monotonic() < deadline:
        (value,) = trial.values(1, f"after {(number := number + 1)}")
        try:
            (publish or (lambda value: trial.send([value])))(value)
        except SinetError as error:
            _check_ours(trial, [error])
        if value in received.wait_for([value], trial.patience_s / 10):
            return
    raise Broken(f"nothing arrived within {trial.patience_s:g} s after the broker was back ({number} messages tried)")


def _across_an_interruption(trial: Trial, end: str, **more: Any) -> tuple[list[bytes], list[bytes], list[Exception]]:
    values = trial.values(15)
    with receiving("sync", trial, **trial.subscription, **more) as received:
        outcomes = _ACROSS[end](trial, values, more)
        confirmed = [value for value, error in outcomes.items() if error is None]
        _check_ours(trial, _errors(outcomes))
        received.wait_for(confirmed)
        _until_one_arrives(trial, received)
    return confirmed, [value for value in received.values if value in values], received.errors


def _waiting_across(trial: Trial, values: list[bytes], more: dict[str, Any]) -> Outcomes:
    with trial.writer(publish_timeout_ms=100 * trial.patience_s, **more) as writer:
        outcomes = _published(writer, values[:5], trial.patience_s)
        with _interrupted(trial):
            publishing = Call(
                "publish, begun while the broker was away", lambda: _published(writer, values[5:], trial.patience_s)
            )
            publishing.ends(_AWAY_S)
        return outcomes | publishing.result(4 * trial.patience_s)


def _promising_across(trial: Trial, values: list[bytes], more: dict[str, Any]) -> Outcomes:
    with trial.async_writer(**more) as writer:
        promises = [writer.publish(value) for value in values[:5]]
        with _interrupted(trial):
            what = "AsyncMessageWriter.publish while the broker is away"
            promises += within(trial.patience_s, what, lambda: [writer.publish(value) for value in values[5:10]])
        promises += [writer.publish(value) for value in values[10:]]
    pending = sum(promise.is_pending for promise in promises)
    if pending:
        raise Broken(f"{pending} promises are pending after close")
    errors = [promise.reason if promise.is_rejected else None for promise in promises]
    return dict(zip(values, errors, strict=True))


_ACROSS: dict[str, Callable[[Trial, list[bytes], dict[str, Any]], Outcomes]] = {
    "writer": _waiting_across,
    "async_writer": _promising_across,
}


def _published(writer: Any, values: Sequence[bytes], seconds: float) -> Outcomes:
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


def _errors(outcomes: Outcomes) -> list[Exception]:
    return [error for error in outcomes.values() if error is not None]
