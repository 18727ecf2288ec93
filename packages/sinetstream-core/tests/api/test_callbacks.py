"""`AsyncMessageReader`: a callback for each message."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sinetstream import AsyncMessageReader
from sinetstream.errors import InvalidMessageError, SinetError
from sinetstream.spi import Ability, AsyncReaderFromReader

from .doubles import INVALID, SAFE, WAIT, Gate, Lab, LabError, in_thread, raising, raising_once

Got = queue.SimpleQueue[Any]


def reader(lab: Lab, **kwargs: Any) -> AsyncMessageReader[bytes]:
    return AsyncMessageReader(**{"type": "lab", "topics": "t", "no_config": True, **kwargs})


@pytest.fixture(params=["derived", "natural"])
def lab2(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    if request.param == "derived":
        return lab.registered(reader=lab.reader())
    return lab.registered(async_reader=lab.async_reader())


@pytest.fixture
def got() -> Got:
    return queue.SimpleQueue()


def next_of(got: Got) -> Any:
    return got.get(timeout=WAIT)


def values(got: Got) -> Callable[[Any], None]:
    return lambda message: got.put(message.value)


def test_messages_come_in_order_on_one_thread_that_is_not_the_plugins(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    it.on_message = lambda message: got.put((message.value, threading.current_thread().name))
    with it:
        lab2.arrive(*(b"%d" % i for i in range(100)))
        all_of_them = [next_of(got) for _ in range(100)]

    assert [b"%d" % i for i in range(100)] == [value for value, _ in all_of_them]
    assert {"sinetstream-reader"} == {name for _, name in all_of_them}


def test_what_a_derived_class_does_itself_is_done(lab: Lab) -> None:
    opened = threading.Event()

    class Telling(AsyncReaderFromReader):
        source = lab.reader()

        def open(self) -> None:
            super().open()
            opened.set()

    with reader(lab.registered(async_reader=Telling)):
        assert opened.is_set()


def test_callbacks_are_never_two_at_a_time(lab2: Lab, got: Got) -> None:
    running = threading.Lock()

    def on_message(message: Any) -> None:
        got.put(running.acquire(blocking=False))
        running.release()

    it = reader(lab2)
    it.on_message = on_message
    with it:
        lab2.arrive(*[b""] * 50)

        assert [True] * 50 == [next_of(got) for _ in range(50)]


def test_a_callback_may_be_set_after_open(lab2: Lab, got: Got) -> None:
    lab2.arrive(b"1")
    with reader(lab2) as it:
        it.on_message = values(got)

        assert b"1" == next_of(got)
        assert it.on_message is not None


def test_nothing_is_finished_without_a_callback(lab2: Lab, got: Got) -> None:
    lab2.arrive(b"1", b"2")
    with reader(lab2, consistency="AT_LEAST_ONCE"):
        pass

    assert [] == lab2.acknowledged


def test_the_callback_may_be_exchanged(lab2: Lab, got: Got) -> None:
    other: Got = queue.SimpleQueue()
    with reader(lab2) as it:
        it.on_message = values(got)
        lab2.arrive(b"1")
        next_of(got)
        it.on_message = values(other)
        lab2.arrive(b"2")

        assert b"2" == next_of(other)


def test_taking_the_callback_away_holds_the_stream_and_loses_nothing(lab2: Lab, got: Got) -> None:
    with reader(lab2, consistency="AT_LEAST_ONCE") as it:
        it.on_message = values(got)
        lab2.arrive(b"1")
        next_of(got)
        it.on_message = None
        lab2.arrive(b"2", b"3", b"4")
        it.on_message = values(got)

        assert [b"2", b"3", b"4"] == [next_of(got) for _ in range(3)]


def test_a_callback_that_raises_is_reported_and_the_stream_goes_on(lab2: Lab, got: Got) -> None:
    error = ZeroDivisionError()
    it = reader(lab2)
    failures: list[Exception] = []
    it.on_failure = failures.append

    def on_message(message: Any) -> None:
        if message.value == b"bad":
            raise error
        got.put(message.value)

    it.on_message = on_message
    with it:
        lab2.arrive(b"bad", b"good")

        assert b"good" == next_of(got)
    assert [error] == failures
    assert failures[0] is error
    assert 1 == it.metrics.error_count_total


def test_a_callback_that_exits_does_not_stop_the_stream(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    failures: list[Any] = []
    it.on_failure = failures.append

    def on_message(message: Any) -> None:
        got.put(message.value)
        raise SystemExit

    it.on_message = on_message
    with it:
        lab2.arrive(b"1", b"2")

        assert [b"1", b"2"] == [next_of(got), next_of(got)]
    assert [SystemExit] * 2 == [type(failure) for failure in failures]


def test_bytes_that_are_no_message_are_reported_once_and_the_stream_goes_on(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    failures: list[Exception] = []
    it.on_failure = failures.append
    it.on_message = values(got)
    with it:
        lab2.arrive_raw(INVALID)
        lab2.arrive(b"good")

        assert b"good" == next_of(got)
    assert [InvalidMessageError] == [type(failure) for failure in failures]
    assert (1, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)


def test_skip_reports_nothing(lab2: Lab, got: Got) -> None:
    it = reader(lab2, on_invalid="skip", consistency="AT_LEAST_ONCE")
    failures: list[Exception] = []
    it.on_failure = failures.append
    it.on_message = values(got)
    with it:
        lab2.arrive_raw(INVALID)
        lab2.arrive(b"good")
        next_of(got)

    assert [] == failures
    assert [1, 2] == lab2.acknowledged


def test_what_on_invalid_raises_is_reported(lab2: Lab, got: Got) -> None:
    def on_invalid(*_: Any) -> None:
        raise ZeroDivisionError

    it = reader(lab2, on_invalid=on_invalid)
    it.on_failure = got.put
    it.on_message = values(got)
    with it:
        lab2.arrive_raw(INVALID)

        assert isinstance(next_of(got), ZeroDivisionError)


def test_what_reading_raises_is_reported_translated_and_reading_goes_on(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    it.on_failure = got.put
    it.on_message = values(got)
    with it:
        lab2.arrive(LabError("hiccup"), b"good")
        failure = next_of(got)

        assert b"good" == next_of(got)
    assert SinetError is type(failure)
    assert isinstance(failure.__cause__, LabError)


def test_without_on_failure_an_error_is_logged(lab2: Lab, got: Got, caplog: pytest.LogCaptureFixture) -> None:
    it = reader(lab2)
    it.on_message = values(got)
    with caplog.at_level(logging.ERROR, "sinetstream"), it:
        lab2.arrive_raw(INVALID)
        lab2.arrive(b"good")
        next_of(got)

    assert 1 == len(caplog.records)


def test_an_on_failure_that_raises_is_logged_and_the_stream_goes_on(
    lab2: Lab, got: Got, caplog: pytest.LogCaptureFixture
) -> None:
    def on_failure(_: Exception) -> None:
        raise ZeroDivisionError

    it = reader(lab2)
    it.on_failure = on_failure
    it.on_message = values(got)
    with caplog.at_level(logging.ERROR, "sinetstream"), it:
        lab2.arrive_raw(INVALID)
        lab2.arrive(b"good")

        assert b"good" == next_of(got)
    assert "on_failure" in caplog.text


def test_a_message_is_finished_when_its_callback_returned(lab2: Lab, got: Got) -> None:
    before: Got = queue.SimpleQueue()
    it = reader(lab2, consistency="AT_LEAST_ONCE")

    def on_message(message: Any) -> None:
        before.put(list(lab2.acknowledged))
        got.put(message.value)

    it.on_message = on_message
    with it:
        lab2.arrive(b"1", b"2", b"3")
        for _ in range(3):
            next_of(got)

    assert [[], [1], [1, 2]] == [next_of(before) for _ in range(3)]
    assert [1, 2, 3] == lab2.acknowledged


def test_a_message_whose_callback_raised_is_finished_after_on_failure(lab2: Lab, got: Got) -> None:
    it = reader(lab2, consistency="AT_LEAST_ONCE")
    it.on_message = lambda message: int(message.value)
    it.on_failure = lambda _: got.put(list(lab2.acknowledged))
    with it:
        lab2.arrive(b"x", b"y")

        assert [[], [1]] == [next_of(got), next_of(got)]
    assert [1, 2] == lab2.acknowledged


def test_a_message_is_not_finished_when_on_failure_closed_the_reader(lab2: Lab, got: Got) -> None:
    it = reader(lab2, consistency="AT_LEAST_ONCE").open()

    def on_failure(error: Exception) -> None:
        it.close()
        got.put(error)

    it.on_failure = on_failure
    it.on_message = lambda message: int(message.value)
    lab2.arrive(b"1", b"bad", b"3")

    assert isinstance(next_of(got), ValueError)
    it.on_message = None
    it.open()
    it.close()
    assert [1] == lab2.acknowledged


def test_at_most_once_acknowledges_before_it_hands_out(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    it.on_message = lambda _: got.put(list(lab2.acknowledged))
    with it:
        lab2.arrive(b"1", b"2")

        assert [[1], [1, 2]] == [next_of(got), next_of(got)]


def test_what_acknowledging_raises_is_reported_translated(lab2: Lab, got: Got) -> None:
    lab2.on_acknowledge = raising_once(LabError("lost"))
    for consistency in ("AT_LEAST_ONCE", "AT_MOST_ONCE"):
        it = reader(lab2, consistency=consistency)
        it.on_failure = got.put
        it.on_message = lambda _: None
        with it:
            lab2.arrive(b"1")
            failure = next_of(got)

        assert SinetError is type(failure)
        assert isinstance(failure.__cause__, LabError)
        lab2.on_acknowledge = raising_once(LabError("lost"))


def test_close_waits_for_the_callback_that_runs(lab2: Lab, got: Got) -> None:
    gate = Gate()
    it = reader(lab2, consistency="AT_LEAST_ONCE").open()
    it.on_message = lambda _: gate()
    lab2.arrive(b"1", b"2")
    gate.wait_reached()
    closing = in_thread(it.close)
    gate.opened.set()
    closing()

    assert [1] == lab2.acknowledged


def test_closing_in_a_callback_takes_effect_when_it_returns(lab2: Lab, got: Got) -> None:
    it = reader(lab2, consistency="AT_LEAST_ONCE").open()

    def on_message(message: Any) -> None:
        it.close()
        it.close()
        got.put("close" in lab2.calls)

    it.on_message = on_message
    lab2.arrive(b"1", b"2")

    assert next_of(got) is False
    it.on_message = None
    it.open()
    it.close()
    assert 2 == lab2.calls.count("close")
    assert [1] == lab2.acknowledged


def test_opening_again_in_the_callback_that_closed_is_refused(lab2: Lab, got: Got) -> None:
    it = reader(lab2).open()

    def on_message(message: Any) -> None:
        it.close()
        try:
            it.open()
        except SinetError as error:
            got.put(error)

    it.on_message = on_message
    lab2.arrive(b"1")

    assert isinstance(next_of(got), SinetError)


def test_what_close_raises_after_a_callback_is_reported(lab2: Lab, got: Got) -> None:
    lab2.on_close = raising(LabError("stuck"))
    it = reader(lab2)
    it.on_failure = got.put
    it.on_message = lambda _: it.close()
    it.open()
    lab2.arrive(b"1")

    assert isinstance(next_of(got).__cause__, LabError)


def test_it_delivers_again_after_it_was_opened_again(lab2: Lab, got: Got) -> None:
    it = reader(lab2)
    it.on_message = values(got)
    for value in (b"1", b"2"):
        with it:
            lab2.arrive(value)

            assert value == next_of(got)


def test_the_callback_may_move_the_position(lab: Lab, got: Got) -> None:
    lab.registered(reader=lab.reader(SAFE | {Ability.SEEK})).arrive(b"1")
    it = reader(lab)

    def on_message(_: Any) -> None:
        it.seek_to_beginning()
        got.put("moved")

    it.on_message = on_message
    it.on_failure = got.put
    with it:
        assert "moved" == next_of(got)


def test_the_receive_timeout_does_not_end_the_stream(lab2: Lab, got: Got) -> None:
    it = reader(lab2, receive_timeout_ms=1)
    it.on_message = values(got)
    with it:
        lab2.arrive(None, None)
        lab2.arrive(b"1")

        assert b"1" == next_of(got)
        assert 1 == it.receive_timeout_ms
