"""A slow reader bounds what is handed out, and loses nothing."""

from __future__ import annotations

import threading
from typing import Any

from sinetstream import AT_LEAST_ONCE, Message
from sinetstream.spi import Ability
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.leaving import take
from sinetstream.testing.received import Received, check_nothing_lost
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["BackPressure"]


class BackPressure(Area):
    """Readers that take their time."""

    @always
    def test_a_slow_reader_loses_nothing(self, trial: Trial) -> None:
        """What is published while a callback takes its time is there when it has returned."""
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
                with trial.writer() as writer:
                    writer.publish_many(values[1:])
            finally:
                go_on.set()
            got = received.wait_for(values)

        check_nothing_lost(values, got)

    @if_declared(Ability.ACKNOWLEDGE, Ability.AT_LEAST_ONCE)
    def test_unfinished_messages_are_bounded(self, trial: Trial) -> None:
        """The plugin hands out at most a window of unfinished messages, and the rest when they are finished."""
        window = trial.harness.window
        values = [value + bytes(50) for value in trial.values(window + 101)]
        reader = trial.reader(consistency=AT_LEAST_ONCE, receive_timeout_ms=150)
        with reader:
            with trial.writer(consistency=AT_LEAST_ONCE) as writer:
                writer.publish_many(values)
            plugin = reader._session.plugin()
            unfinished = within(trial.patience_s, "iterating the plugin", lambda: list(_at_most(plugin, len(values))))
            if len(unfinished) > window:
                raise Broken(f"{len(unfinished)} unfinished messages were handed out: more than the window of {window}")
            for _, _, raw in unfinished:
                plugin.acknowledge(raw)
            rest = within(2 * trial.patience_s, "reading on", lambda: take(reader, len(values) - len(unfinished)))

        if len(unfinished) + len(rest) < len(values):
            raise Broken(f"of {len(values)} messages, {len(unfinished)} came within the window, and {len(rest)} later")


def _at_most(plugin: Any, count: int) -> Any:
    for _, item in zip(range(count), plugin, strict=False):
        yield item
