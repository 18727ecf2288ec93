"""Checks that a broker that hangs (accepts connections and never answers) does not make a plugin hang."""

from __future__ import annotations

from typing import Any

import pytest

from sinetstream import ConnectionError, PublishTimeoutError, SinetError
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.interruptions import during
from sinetstream.testing.published import published
from sinetstream.testing.raised import check_open_raises, check_ours
from sinetstream.testing.silent_listener import SilentListener
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, not_observable
from sinetstream.testing.waiting import within

__all__ = ["Hanging"]

WRITERS = ["writer", "async_writer"]


class Hanging(Area):
    """Deadlines hold where the broker accepts connections and never answers."""

    @pytest.mark.parametrize("end", ["reader", "async_reader", *WRITERS])
    @always
    def test_opening_ends_where_the_broker_never_answers(self, trial: Trial, end: str) -> Finding | None:
        """`open` raises our `ConnectionError` in time where the broker accepts the connection and never answers."""
        with SilentListener() as listener:
            params = trial.harness.params_at(listener.address)
            if params is None:
                return not_observable("the harness gives no `at`, and `params` no `brokers`")
            check_open_raises(trial, end, params, ConnectionError)
        return None

    @pytest.mark.parametrize("end", WRITERS)
    @if_declared(Ability.AT_LEAST_ONCE)
    def test_publishing_ends_where_the_broker_never_answers(self, trial: Trial, end: str) -> Finding | None:
        """A publish that is never answered ends with an error: after `publish_timeout_ms`, a promise after `close`."""
        silence = trial.harness.silence
        if silence is None or trial.harness.restore is None:
            return not_observable("the harness gives no `silence` and `restore`")
        timeout_s = trial.patience_s / 10
        timeouts = {"publish_timeout_ms": timeout_s * 1000, "close_timeout_ms": timeout_s * 1000}
        writer = getattr(trial, end)(**timeouts)
        writer.open()
        (value,) = trial.values(1)
        with during(trial, silence):
            error = _outcome(trial, end, writer, value)
        if error is None:
            raise Broken("a publish that the broker never answered was confirmed")
        check_ours(trial, [error])
        if not isinstance(error, PublishTimeoutError | ConnectionError):
            raise Broken(f"publishing raised {error!r}, not PublishTimeoutError or ConnectionError") from error
        return None


def _outcome(trial: Trial, end: str, writer: Any, value: bytes) -> Exception | None:
    if end == "writer":
        outcomes = within(trial.patience_s, "publish", lambda: published(writer, [value], trial.patience_s))
        _close(trial, writer)
        return outcomes[value]
    promise = within(trial.patience_s, "publish", lambda: writer.publish(value))
    _close(trial, writer)
    if promise.is_pending:
        raise Broken("the promise is pending after close")
    return promise.reason if promise.is_rejected else None


def _close(trial: Trial, writer: Any) -> None:
    try:
        within(trial.patience_s, "close", writer.close)
    except SinetError as error:
        check_ours(trial, [error])
