"""Checks that a slow reader bounds what the plugin hands out, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from sinetstream import AT_LEAST_ONCE, Message
from sinetstream.endpoint import session_of
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.received import Received, check_nothing_lost
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import Call

__all__ = ["BackPressure"]

_QUIET_S = 0.15


class BackPressure(Area):
    """Slow readers."""

    @always
    def test_a_slow_reader_loses_nothing(self, trial: Trial) -> None:
        """Messages published while a callback runs are delivered after it has returned."""
        values = trial.values(101)
        received, begun, go_on = Received(trial.patience_s), threading.Event(), threading.Event()

        def on_message(message: Message[Any]) -> None:
            begun.set()
            go_on.wait(4 * trial.patience_s)
            received.add(message)

        reader = trial.async_reader()
        reader.on_message = on_message
        with reader:
            try:
                trial.send(values[:1])
                begun.wait(trial.patience_s)
                with _publishing(trial, values[1:]):
                    go_on.set()
            finally:
                go_on.set()
            got = received.wait_for(values)

        check_nothing_lost(values, got)

    @pytest.mark.parametrize("end", ["reader", "async_reader"])
    @if_declared(Ability.ACKNOWLEDGE, Ability.AT_LEAST_ONCE)
    def test_unfinished_messages_are_bounded(self, trial: Trial, end: str) -> None:
        """The plugin hands out at most `window` unacknowledged messages, and the rest once those are acknowledged."""
        window = trial.harness.window
        values = [value + bytes(50) for value in trial.values(window + 101)]
        reader = getattr(trial, end)(consistency=AT_LEAST_ONCE, receive_timeout_ms=None)
        with reader, _publishing(trial, values, consistency=AT_LEAST_ONCE):
            plugin = session_of(reader).plugin()
            handed_out: SimpleQueue[Any] = SimpleQueue()

            def take() -> None:
                for item in islice(plugin, len(values)):
                    handed_out.put(item)

            taking = Call("iterating the plugin", take)
            unfinished = _when_quiet(taking, handed_out)
            if unfinished > window:
                raise Broken(f"{unfinished} unfinished messages were handed out: more than the window of {window}")
            for finished in range(len(values)):
                try:
                    _, _, raw = handed_out.get(timeout=trial.patience_s)
                except Empty:
                    raise Broken(
                        f"of {len(values)} messages, {unfinished} came within the window, and when {finished} were "
                        "finished no more came"
                    ) from None
                plugin.acknowledge(raw)


@contextmanager
def _publishing(trial: Trial, values: Sequence[bytes], **more: Any) -> Iterator[None]:
    """Almost all are published when the block is entered, or as many as the messaging system keeps unread."""
    with trial.writer(**more) as writer:
        publishing = Call("publish_many", lambda: writer.publish_many(values))
        publishing.ends(trial.patience_s / 4)
        yield
        publishing.result(2 * trial.patience_s)


def _when_quiet(taking: Call[Any], handed_out: SimpleQueue[Any]) -> int:
    """How many have arrived once no more arrive for a moment. If that is too short, the test only passes more easily."""
    count = -1
    while count < handed_out.qsize() and not taking.ends(0):
        count = handed_out.qsize()
        taking.ends(_QUIET_S)
    return handed_out.qsize()
