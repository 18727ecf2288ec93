"""`ReaderThread`: one thread that iterates a reader."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from math import inf
from typing import Any

import pytest
from sinetstream.spi.reader_thread import ReaderThread

WAIT = 5.0


class Reader:
    """Yields what is put: exceptions are raised, None ends the iteration; `close` ends it too."""

    def __init__(self) -> None:
        self.items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = 0
        self.iterations = 0
        self.on_close: Callable[[], None] = lambda: None

    def __iter__(self) -> Iterator[Any]:
        self.iterations += 1
        while (item := self.items.get(timeout=WAIT)) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item, "t", item

    def close(self) -> None:
        self.closed += 1
        self.items.put(None)
        self.on_close()


class Harness:
    def __init__(self, *, closable_while_reading: bool = True) -> None:
        self.reader = Reader()
        self.got: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.ended: list[int] = []
        self.feed = ReaderThread(
            self.reader,
            on_item=lambda payload, topic, raw: self.handle(payload),
            on_error=self.got.put,
            closable_while_reading=closable_while_reading,
            on_end=lambda: self.ended.append(self.reader.closed),
        )
        self.handle: Callable[[Any], Any] = self.got.put

    def next(self) -> Any:
        return self.got.get(timeout=WAIT)


@pytest.fixture(params=[True, False], ids=["wakes", "does not wake"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    harness = Harness(closable_while_reading=request.param)
    yield harness
    harness.reader.items.put(None)
    harness.feed.stop()


def test_it_takes_as_many_as_it_is_allowed(harness: Harness) -> None:
    for i in range(5):
        harness.reader.items.put(i)
    harness.feed.start()
    harness.feed.request(2)
    assert [0, 1] == [harness.next(), harness.next()]
    assert 3 == harness.reader.items.qsize()
    harness.feed.request(inf)

    assert [2, 3, 4] == [harness.next() for _ in range(3)]


def test_held_it_takes_no_more(harness: Harness) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def handle(item: Any) -> None:
        reached.set()
        assert go_on.wait(WAIT)
        harness.got.put(item)

    harness.handle = handle
    harness.feed.start()
    harness.feed.request(inf)
    for i in range(3):
        harness.reader.items.put(i)
    assert reached.wait(WAIT)
    harness.feed.pause()
    go_on.set()
    assert 0 == harness.next()
    assert 2 == harness.reader.items.qsize()
    harness.feed.request(1)

    assert 1 == harness.next()


def test_an_iteration_that_ended_is_begun_again(harness: Harness) -> None:
    harness.feed.start()
    harness.feed.request(inf)
    for item in ("a", None, None, "b"):
        harness.reader.items.put(item)

    assert ["a", "b"] == [harness.next(), harness.next()]
    assert 3 == harness.reader.iterations


def test_what_the_guide_raises_at_the_end_is_an_end(harness: Harness) -> None:
    harness.feed.start()
    harness.feed.request(inf)
    harness.reader.items.put(StopIteration())
    harness.reader.items.put("b")

    assert "b" == harness.next()


def test_an_error_is_handed_over_and_reading_goes_on(harness: Harness) -> None:
    error = RuntimeError("not an end")
    harness.feed.start()
    harness.feed.request(inf)
    for item in ("a", error, "b"):
        harness.reader.items.put(item)

    assert ["a", error, "b"] == [harness.next() for _ in range(3)]


def test_an_error_costs_no_allowance(harness: Harness) -> None:
    harness.feed.start()
    harness.feed.request(1)
    harness.reader.items.put(ValueError())
    harness.reader.items.put("a")

    assert isinstance(harness.next(), ValueError)
    assert "a" == harness.next()


def test_stop_closes_once_and_ends_the_thread(harness: Harness) -> None:
    harness.feed.start()
    harness.feed.request(inf)
    harness.reader.items.put(None)
    harness.feed.stop()
    harness.feed.stop()

    assert ([1], 1) == (harness.ended, harness.reader.closed)
    assert not harness.feed._thread.is_alive()
    assert harness.feed.stopping


def test_stop_wakes_a_feed_that_is_allowed_nothing(harness: Harness) -> None:
    harness.feed.start()
    harness.feed.stop()

    assert 1 == harness.reader.closed


def test_stop_before_start_closes_the_reader(harness: Harness) -> None:
    harness.feed.stop()

    assert [1] == harness.ended


def test_stop_wakes_a_reader_that_blocks() -> None:
    harness = Harness(closable_while_reading=True)
    harness.feed.start()
    harness.feed.request(inf)
    harness.feed.stop()

    assert [1] == harness.ended


def test_stop_waits_for_what_is_being_handed_over(harness: Harness) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def handle(_: Any) -> None:
        reached.set()
        assert go_on.wait(WAIT)
        harness.got.put(harness.reader.closed)

    harness.handle = handle
    harness.feed.start()
    harness.feed.request(1)
    harness.reader.items.put("a")
    assert reached.wait(WAIT)
    stopping = threading.Thread(target=harness.feed.stop)
    stopping.start()
    go_on.set()
    stopping.join(WAIT)

    assert 0 == harness.next()
    assert 1 == harness.reader.closed


def test_stop_within_a_callback_takes_effect_when_it_returns(harness: Harness) -> None:
    def handle(_: Any) -> None:
        harness.feed.stop()
        harness.got.put((harness.feed.in_thread(), harness.feed.stopping, harness.reader.closed))

    harness.handle = handle
    harness.feed.start()
    harness.feed.request(inf)
    harness.reader.items.put("a")
    harness.reader.items.put("b")

    assert (True, True, 0) == harness.next()
    harness.feed._thread.join(WAIT)
    assert [1] == harness.ended
    assert harness.got.empty()


def test_what_close_raises_is_raised_by_stop_or_handed_over_after_a_callback() -> None:
    error = OSError()

    def raising() -> None:
        raise error

    harness = Harness()
    harness.reader.on_close = raising
    harness.feed.start()
    with pytest.raises(OSError):
        harness.feed.stop()
    harness.feed._thread.join(WAIT)
    other = Harness()
    other.reader.on_close = raising
    other.handle = lambda _: other.feed.stop()
    other.feed.start()
    other.feed.request(1)
    other.reader.items.put("a")

    assert error is other.next()
    assert [[1], [1]] == [harness.ended, other.ended]
