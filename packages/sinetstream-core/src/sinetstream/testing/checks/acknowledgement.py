"""Checks when a message counts as acknowledged, by what a second reader gets again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from statistics import median
from time import monotonic
from typing import Any

from sinetstream import AT_LEAST_ONCE, InvalidMessageError, Message
from sinetstream.endpoint import session_of
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, if_declared
from sinetstream.testing.interruptions import interrupted, interruptible
from sinetstream.testing.partial_reads import fails_at, rest, take
from sinetstream.testing.received import Received, check_nothing_lost, shown
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Acknowledgement"]

_ACKNOWLEDGED = 10
_AT_ONCE_S = 0.1

promised = if_declared(Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE, lasting=True)


class Acknowledgement(Area):
    """At least once: finished messages do not come again, unfinished ones do."""

    @promised
    def test_nothing_is_acknowledged_before_it_is_finished(self, trial: Trial) -> None:
        """After an exception in the loop's body, that message and all later ones are delivered again."""
        values = trial.values(7)
        fails_at(0, trial, values, consistency=AT_LEAST_ONCE)
        got = rest(trial, values, consistency=AT_LEAST_ONCE)

        lost = [value for value in values if value not in got]
        if lost:
            raise Broken(f"acknowledged too early: {shown(lost[0])}, which nobody had finished, did not come again")

    @promised
    def test_what_is_finished_does_not_come_again(self, trial: Trial) -> None:
        """A message is not delivered again after the application has asked for the next one."""
        values = trial.values(7)
        finished = fails_at(3, trial, values, consistency=AT_LEAST_ONCE)[:3]
        got = rest(trial, values[3:], consistency=AT_LEAST_ONCE)

        _check_none_again(finished, got)

    @promised
    def test_leaving_a_loop_and_closing_finishes(self, trial: Trial) -> None:
        """`break` and `close` acknowledge the message that the loop has, and no other."""
        values = trial.values(6)
        reader = trial.reader(**trial.subscription, consistency=AT_LEAST_ONCE)

        def read_two() -> list[bytes]:
            with reader:
                trial.send(values, consistency=AT_LEAST_ONCE)
                return take(reader, 2)

        finished = within(4 * trial.patience_s, "reading two messages", read_two)
        got = rest(trial, values[2:], consistency=AT_LEAST_ONCE)

        _check_none_again(finished, got)
        check_nothing_lost(values[2:], got)

    @promised
    def test_a_callback_that_returns_finishes(self, trial: Trial) -> None:
        """A message is acknowledged when its callback has returned, but not when `on_failure` closed the reader."""
        values = trial.values(6)
        received, failed = Received(trial.patience_s), threading.Event()
        reader = trial.async_reader(**trial.subscription, consistency=AT_LEAST_ONCE)

        def on_message(message: Message[Any]) -> None:
            received.add(message)
            if len(received.messages) == 3:
                raise LookupError("from a callback of the test")

        def on_failure(_: Exception) -> None:
            reader.close()
            failed.set()

        reader.on_message, reader.on_failure = on_message, on_failure
        reader.open()
        trial.send(values, consistency=AT_LEAST_ONCE)
        if not failed.wait(trial.patience_s):
            raise Broken(f"on_failure was not told of a callback that raised; {len(received.messages)} messages came")
        within(trial.patience_s, "AsyncMessageReader.close", reader.close)
        got = rest(trial, values[2:], consistency=AT_LEAST_ONCE)

        _check_none_again(received.values[:2], got)
        check_nothing_lost(values[2:], got)

    @promised
    def test_a_cancelled_task_finishes_nothing(self, trial: Trial) -> None:
        """When a task is cancelled, the message that it was processing is delivered again."""
        values = trial.values(6)
        finished: list[bytes] = []

        async def read() -> None:
            async with trial.aio_reader(**trial.subscription, consistency=AT_LEAST_ONCE) as reader:
                await asyncio.to_thread(trial.send, values, consistency=AT_LEAST_ONCE)
                async for message in reader:
                    if message.value == values[2]:
                        raise asyncio.CancelledError
                    finished.append(message.value)

        async def main() -> None:
            task = asyncio.ensure_future(read())
            await asyncio.wait((task,), timeout=3 * trial.patience_s)
            if not task.cancelled():
                task.result()

        within(4 * trial.patience_s, "reading in asyncio", lambda: asyncio.run(main()))
        got = rest(trial, values[2:], consistency=AT_LEAST_ONCE)

        _check_none_again(finished, got)
        check_nothing_lost(values[2:], got)

    @promised
    def test_an_invalid_message_is_finished(self, trial: Trial) -> None:
        """An invalid message is not delivered again after the application has asked for the next one."""
        before, after = trial.values(2)
        reader = trial.reader(**trial.subscription, consistency=AT_LEAST_ONCE, on_invalid="skip")

        def read_both() -> None:
            with reader:
                trial.send([before], consistency=AT_LEAST_ONCE)
                trial.send_raw([b"no message at all"], consistency=AT_LEAST_ONCE)
                trial.send([after], consistency=AT_LEAST_ONCE)
                for message in reader:
                    if message.value == after:
                        break

        within(4 * trial.patience_s, "reading past an invalid message", read_both)
        try:
            got = rest(trial, [], consistency=AT_LEAST_ONCE)
        except InvalidMessageError:
            raise Broken("never acknowledged: bytes that are no message came again") from None

        _check_none_again([before, after], got)

    @if_declared(Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE)
    def test_acknowledging_does_not_wait(self, trial: Trial) -> None:
        """`acknowledge` of the plugin does not wait for the network, even while the broker is interrupted."""
        values = trial.values(2 * _ACKNOWLEDGED)
        reader = trial.reader(consistency=AT_LEAST_ONCE)
        with reader:
            plugin = session_of(reader).plugin()
            trial.send(values, consistency=AT_LEAST_ONCE)
            handed_out = within(2 * trial.patience_s, "iterating", lambda: list(islice(plugin, len(values))))
            raws = [raw for _, _, raw in handed_out]
            _check_at_once(trial, plugin.acknowledge, raws[:_ACKNOWLEDGED])
            if interruptible(trial):
                with interrupted(trial):
                    _check_at_once(trial, plugin.acknowledge, raws[_ACKNOWLEDGED:])


def _check_at_once(trial: Trial, acknowledge: Callable[[Any], object], raws: Sequence[Any]) -> None:
    times = [monotonic()]

    def run() -> None:
        for raw in raws:
            acknowledge(raw)
            times.append(monotonic())

    within(2 * trial.patience_s, "acknowledge", run)
    usual_s = median(after - before for before, after in pairwise(times))
    if usual_s > _AT_ONCE_S:
        raise Broken(f"acknowledge waits: it takes {usual_s * 1000:.0f} ms")


def _check_none_again(finished: list[bytes], got: list[bytes]) -> None:
    again = [value for value in finished if value in got]
    if again:
        raise Broken(f"never acknowledged: {shown(again[0])} was finished, and came again")
