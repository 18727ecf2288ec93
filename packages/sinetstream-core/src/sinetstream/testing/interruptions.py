"""Interrupts and restores the broker while messages are published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from sinetstream import SinetError
from sinetstream.testing.published import Outcomes, check_not_sent, errors_of, published
from sinetstream.testing.raised import check_ours
from sinetstream.testing.received import Received
from sinetstream.testing.streams import receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, not_observable
from sinetstream.testing.waiting import Call, within

__all__ = [
    "AWAY_S",
    "UNINTERRUPTIBLE",
    "across_an_interruption",
    "during",
    "interrupted",
    "interruptible",
    "until_one_arrives",
]

AWAY_S = 0.2
UNINTERRUPTIBLE = not_observable("the harness gives no `interrupt` and `restore`")


def interruptible(trial: Trial) -> bool:
    return trial.harness.interrupt is not None and trial.harness.restore is not None


@contextmanager
def interrupted(trial: Trial) -> Iterator[None]:
    if trial.harness.interrupt is None:
        raise Broken("the harness has no `interrupt`")
    with during(trial, trial.harness.interrupt):
        yield


@contextmanager
def during(trial: Trial, disturb: Callable[[], object]) -> Iterator[None]:
    """The broker is disturbed in this block, and restored after it."""
    if trial.harness.restore is None:
        raise Broken("the harness has no `restore`")
    disturb()
    try:
        yield
    finally:
        trial.harness.restore()


def until_one_arrives(trial: Trial, received: Received, publish: Any = None) -> None:
    """Publish one message after another until one arrives."""
    deadline = monotonic() + trial.patience_s
    number = 0
    while monotonic() < deadline:
        (value,) = trial.values(1, f"after {(number := number + 1)}")
        try:
            (publish or (lambda value: trial.send([value])))(value)
        except SinetError as error:
            check_ours(trial, [error])
        if value in received.wait_for([value], trial.patience_s / 10):
            return
    raise Broken(f"nothing arrived within {trial.patience_s:g} s after the broker was back ({number} messages tried)")


def across_an_interruption(trial: Trial, end: str, **more: Any) -> tuple[list[bytes], list[bytes], list[Exception]]:
    values = trial.values(15)
    with receiving("sync", trial, **trial.subscription, **more) as received:
        outcomes = _ACROSS[end](trial, values, more)
        confirmed = [value for value, error in outcomes.items() if error is None]
        check_ours(trial, errors_of(outcomes))
        received.wait_for(confirmed)
        until_one_arrives(trial, received)
    check_not_sent(outcomes, received.values)
    return confirmed, [value for value in received.values if value in values], received.errors


def _waiting_across(trial: Trial, values: list[bytes], more: dict[str, Any]) -> Outcomes:
    with trial.writer(publish_timeout_ms=100 * trial.patience_s, **more) as writer:
        outcomes = published(writer, values[:5], trial.patience_s)
        with interrupted(trial):
            publishing = Call(
                "publish, begun while the broker was away", lambda: published(writer, values[5:], trial.patience_s)
            )
            publishing.ends(AWAY_S)
        return outcomes | publishing.result(4 * trial.patience_s)


def _promising_across(trial: Trial, values: list[bytes], more: dict[str, Any]) -> Outcomes:
    with trial.async_writer(**more) as writer:
        promises = [writer.publish(value) for value in values[:5]]
        with interrupted(trial):
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
