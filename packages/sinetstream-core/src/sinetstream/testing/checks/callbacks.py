"""Checks promises and callbacks: each ends, in order, even where a handler raises."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from statistics import median
from time import monotonic
from typing import Any

from sinetstream import InvalidMessageError, Message
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.received import Received, check_nothing_lost, check_order
from sinetstream.testing.streams import receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Callbacks"]

_OVERLAP_S = 0.05
_AT_ONCE_S = 0.1


class Callbacks(Area):
    """`AsyncMessageWriter` and `AsyncMessageReader`."""

    @always
    def test_every_promise_is_fulfilled(self, trial: Trial) -> None:
        """As long as nothing fails, every promise is fulfilled."""
        values = trial.values(15)
        with trial.async_writer(close_timeout_ms=100) as writer:
            promises = [writer.publish(value) for value in values]
            stuck = _pending(promises, trial.patience_s)
            rejected = [promise for promise in promises if promise.is_rejected]

        if stuck:
            raise Broken(f"{len(stuck)} of {len(promises)} promises left pending, the first is number {stuck[0]}")
        if rejected:
            raise Broken(f"{len(rejected)} promises were rejected, the first with {rejected[0].reason!r}")

    @always
    def test_every_promise_ends_in_close(self, trial: Trial) -> None:
        """After `close` no promise is pending, and the messages of fulfilled promises arrive."""
        values = trial.values(15)
        with receiving("sync", trial) as received:
            with trial.async_writer() as writer:
                promises = [writer.publish(value) for value in values]
            pending = sum(promise.is_pending for promise in promises)
            sent = [value for value, promise in zip(values, promises, strict=True) if promise.is_fulfilled]
            got = received.wait_for(sent)

        if pending:
            raise Broken(f"{pending} promises are pending after close")
        if len(sent) < len(values):
            raise Broken(f"close rejected {len(values) - len(sent)} of {len(values)} promises, although nothing failed")
        check_nothing_lost(sent, got, received.errors)

    @always
    def test_handlers_run_once_each(self, trial: Trial) -> None:
        """Each promise's handler runs exactly once, even where another handler raises."""
        values, ran = trial.values(15), []

        def fail(_: Any) -> None:
            raise LookupError("from a handler of the test")

        with trial.async_writer(close_timeout_ms=100) as writer:
            for number, value in enumerate(values):
                promise = writer.publish(value)
                promise.then(fail)
                promise.then(lambda _, number=number: ran.append(number), lambda _, number=number: ran.append(number))

        if sorted(ran) != list(range(len(values))):
            raise Broken(f"of {len(values)} handlers, these ran: {ran}")

    @always
    def test_callbacks_come_in_order_one_at_a_time(self, trial: Trial) -> None:
        """`on_message` is called in order, never twice at the same time."""
        values = trial.values(31)
        received, busy, overlapped = Received(trial.patience_s), threading.Lock(), threading.Event()

        def on_message(message: Message[Any]) -> None:
            if not busy.acquire(blocking=False):
                overlapped.set()
                received.add(message)
                return
            if message.value == values[0]:
                overlapped.wait(_OVERLAP_S)
            received.add(message)
            busy.release()

        reader = trial.async_reader()
        reader.on_message = on_message
        with reader:
            trial.send(values)
            got = received.wait_for(values)

        if overlapped.is_set():
            raise Broken("a callback was called while another one was running")
        check_order(values, got)

    @always
    def test_a_raising_callback_is_reported_and_survived(self, trial: Trial) -> None:
        """`on_failure` gets what a callback raises, and the next message is delivered."""
        values = trial.values(3)
        received = Received(trial.patience_s)

        def on_message(message: Message[Any]) -> None:
            received.add(message)
            if message.value == values[1]:
                raise LookupError("from a callback of the test")

        reader = trial.async_reader()
        reader.on_message, reader.on_failure = on_message, received.fail
        with reader:
            trial.send(values)
            got = received.wait_for(values)
            received.wait_for_error(LookupError)

        check_nothing_lost(values, got)

    @always
    def test_garbage_goes_to_on_failure(self, trial: Trial) -> None:
        """`on_failure` gets an `InvalidMessageError` for an invalid message, and reading goes on."""
        before, after = trial.values(2)
        received = Received(trial.patience_s)
        reader = trial.async_reader()
        reader.on_message, reader.on_failure = received.add, received.fail
        with reader:
            trial.send([before])
            trial.send_raw([b"no message at all"])
            trial.send([after])
            got = received.wait_for([before, after])
            received.wait_for_error(InvalidMessageError)

        check_nothing_lost([before, after], got, received.errors)

    @always
    def test_a_callback_set_late_gets_what_came_before(self, trial: Trial) -> None:
        """No message is taken from the broker before `on_message` is set."""
        values = trial.values(3)
        received = Received(trial.patience_s)
        reader = trial.async_reader()
        with reader:
            trial.send(values)
            reader.on_message = received.add
            got = received.wait_for(values)

        check_nothing_lost(values, got)

    @if_declared()
    def test_publish_does_not_wait(self, trial: Trial) -> None:
        """`publish` returns its promise at once, even while earlier ones are pending."""
        values, promises, times = trial.values(20), [], [monotonic()]
        with trial.async_writer() as writer:

            def publish() -> None:
                for value in values:
                    promises.append(writer.publish(value))
                    times.append(monotonic())

            within(3 * trial.patience_s, "20 calls of publish", publish)
            for promise in promises:
                promise.get(trial.patience_s)

        usual_s = median(after - before for before, after in pairwise(times))
        if usual_s > _AT_ONCE_S:
            raise Broken(f"publish does not promise at once: it takes {usual_s * 1000:.0f} ms")


def _pending(promises: Sequence[Any], patience_s: float) -> list[int]:
    deadline = monotonic() + patience_s
    for promise in promises:
        with suppress(Exception):  # rejected or not, it has ended
            promise.wait(max(0, deadline - monotonic()))
    return [index for index, promise in enumerate(promises) if promise.is_pending]
