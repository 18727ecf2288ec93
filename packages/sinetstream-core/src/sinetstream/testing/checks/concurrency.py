"""Checks readers and writers that several threads use."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from sinetstream import BusyError, Message, MessageReader
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.partial_reads import take
from sinetstream.testing.received import check_nothing_lost, check_nothing_twice, check_order
from sinetstream.testing.streams import Kind, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import Call

__all__ = ["Concurrency"]

_THREADS = 6
_EACH = 11


class Concurrency(Area):
    """Threads that publish through one writer, and threads that read from one reader."""

    @pytest.mark.parametrize("kind", ["sync", "async"])
    @always
    def test_many_threads_publish_at_once(self, trial: Trial, kind: Kind) -> None:
        """Messages that several threads publish through one writer arrive, once each."""
        parts = [trial.values(_EACH, f"thread {number}") for number in range(_THREADS)]
        values = [value for part in parts for value in part]
        got, errors = _published_at_once(trial, kind, parts)

        check_nothing_lost(values, got, errors)
        check_nothing_twice(got)

    @if_declared()
    def test_each_threads_order_is_kept(self, trial: Trial) -> None:
        """Messages of each of several threads are read in the order in which that thread published them."""
        parts = [trial.values(_EACH, f"thread {number}") for number in range(_THREADS)]
        got, _ = _published_at_once(trial, "sync", parts)

        for part in parts:
            check_order(part, got)

    @always
    def test_many_writers_and_readers_at_once(self, trial: Trial) -> None:
        """Several writers and readers in one process do not disturb one another."""
        topics = [trial.harness.fresh_topic() for _ in range(3)]

        def stream(topic: str) -> None:
            values = trial.values(5, topic)
            with trial.reader(topics=topic) as reader:
                trial.send(values, topic=topic)
                got = take(reader, len(values))
            check_nothing_lost(values, got)

        calls = [Call(f"the stream of {topic}", partial(stream, topic)) for topic in topics]
        for call in calls:
            call.result(4 * trial.patience_s)

    @always
    def test_a_second_thread_is_refused(self, trial: Trial) -> None:
        """While one thread reads, another one gets a `BusyError`, and the first is not disturbed."""
        (value,) = trial.values(1)
        busy = threading.Event()

        def read(reader: MessageReader[Any]) -> Message[Any] | None:
            try:
                return next(reader)
            except BusyError:
                busy.set()
                return None

        with trial.reader() as reader:
            calls = [Call("reading one message", lambda: read(reader)) for _ in range(2)]
            if not busy.wait(trial.patience_s):
                raise Broken("of two threads that read from one reader, none was refused with BusyError")
            trial.send([value])
            got = [message.value for call in calls if (message := call.result(2 * trial.patience_s))]

        check_nothing_lost([value], got)


def _published_at_once(trial: Trial, kind: Kind, parts: list[list[bytes]]) -> tuple[list[bytes], list[Exception]]:
    values = [value for part in parts for value in part]
    begin = threading.Barrier(len(parts))

    with receiving("sync", trial) as received:
        with trial.writer() if kind == "sync" else trial.async_writer() as writer:

            def publish(part: list[bytes]) -> None:
                begin.wait(trial.patience_s)
                promises = [writer.publish(value, **trial.keyed) for value in part]
                for promise in promises if kind == "async" else ():
                    promise.get(trial.patience_s)

            calls = [Call("publishing in several threads", partial(publish, part)) for part in parts]
            for call in calls:
                call.result(3 * trial.patience_s)
        got = received.wait_for(values)
    return got, received.errors
