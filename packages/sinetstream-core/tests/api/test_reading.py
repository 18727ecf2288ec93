"""`MessageReader`: one message at a time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AT_MOST_ONCE, MessageReader
from sinetstream.errors import (
    BusyError,
    InvalidArgumentError,
    InvalidMessageError,
    NotOpenError,
    SinetError,
    UnsupportedOperationError,
)
from sinetstream.spi import Ability

from .doubles import INVALID, NONE, SAFE, WAIT, Gate, Lab, LabError, in_thread, raising, raising_once, until


def reader(lab: Lab, **kwargs: Any) -> MessageReader[bytes]:
    return MessageReader(
        **{"type": "lab", "topics": "t", "no_config": True, "receive_timeout_ms": lab.patience_ms, **kwargs}
    )


@pytest.fixture(params=["natural", "derived"])
def lab2(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    if request.param == "natural":
        return lab.registered(reader=lab.reader())
    lab.patience_ms = 150  # another thread has to have its turn
    return lab.registered(async_reader=lab.async_reader())


def test_messages_come_in_order_with_value_topic_time_and_raw(lab2: Lab) -> None:
    lab2.arrive(b"one", b"two")
    with reader(lab2) as it:
        messages = list(it)

    assert [(b"one", "topic-of-lab", 0, 1), (b"two", "topic-of-lab", 0, 2)] == [
        (m.value, m.topic, m.timestamp_us, m.raw) for m in messages
    ]


def test_iter_is_the_reader(lab2: Lab) -> None:
    with reader(lab2) as it:
        assert iter(it) is it


def test_a_loop_ends_after_the_timeout_and_can_be_run_again(lab2: Lab) -> None:
    with reader(lab2) as it:
        assert [] == list(it)
        lab2.arrive(b"late")

        assert [b"late"] == [m.value for m in it]
        assert 0 == it.metrics.error_count_total


def test_leaving_a_loop_loses_nothing(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2", b"3")
    got = []
    with reader(lab2) as it:
        for m in it:
            got.append(m.value)
            break
        got += [m.value for m in it]

    assert [b"1", b"2", b"3"] == got


def test_next_needs_no_iter(lab2: Lab) -> None:
    lab2.arrive(b"1")
    with reader(lab2) as it:
        assert b"1" == next(it).value


def test_a_timeout_of_zero_hands_out_what_is_there_and_ends_at_once(lab: Lab) -> None:
    lab.registered(reader=lab.reader()).arrive(b"1", b"2")
    with reader(lab, receive_timeout_ms=0) as it:
        assert [b"1", b"2"] == [m.value for m in it]
        began = time.monotonic()

        assert [] == list(it)
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("timeout", [-1, -0.001, -math.inf, math.nan, "soon", True])
def test_a_timeout_that_is_no_time_is_refused(lab: Lab, timeout: Any) -> None:
    lab.registered(reader=lab.reader())

    with pytest.raises(InvalidArgumentError, match="receive_timeout_ms") as caught:
        reader(lab, receive_timeout_ms=timeout)
    assert caught.value.path == "receive_timeout_ms"


@pytest.mark.parametrize("timeout", [None, math.inf])
def test_the_plugin_gets_infinity_where_there_is_no_timeout(lab: Lab, timeout: Any) -> None:
    lab.registered(reader=lab.reader())
    it = reader(lab, receive_timeout_ms=timeout)

    assert math.inf == it.receive_timeout_ms == lab.params[0]["receive_timeout_ms"]


def test_bytes_that_are_no_message_raise_and_the_next_call_goes_on(lab2: Lab) -> None:
    lab2.arrive_raw(INVALID)
    lab2.arrive(b"good")
    with reader(lab2) as it:
        with pytest.raises(InvalidMessageError):
            next(it)

        assert b"good" == next(it).value
        assert (1, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)


def test_what_a_deserializer_raises_is_an_invalid_message(lab: Lab) -> None:
    lab.registered(reader=lab.reader()).arrive(b"bad", b"8")
    with reader(lab, value_deserializer=int) as it:
        with pytest.raises(InvalidMessageError) as caught:
            next(it)

        assert isinstance(caught.value.__cause__, ValueError)
        assert 8 == next(it).value  # type: ignore[comparison-overlap]


def test_skip_leaves_invalid_messages_out_and_counts_them(lab2: Lab) -> None:
    lab2.arrive_raw(INVALID, INVALID)
    lab2.arrive(b"good")
    with reader(lab2, on_invalid="skip") as it:
        assert [b"good"] == [m.value for m in it]
        assert 2 == it.metrics.error_count_total


def test_a_callable_gets_payload_topic_raw_and_error_and_its_result_is_ignored(lab2: Lab) -> None:
    got: list[Any] = []

    def on_invalid(*args: Any) -> str:
        got.extend(args)
        return "raise"

    lab2.arrive_raw(INVALID)
    lab2.arrive(b"good")
    with reader(lab2, on_invalid=on_invalid) as it:
        assert b"good" == next(it).value

    assert [INVALID, "topic-of-lab", 1] == got[:3]
    assert isinstance(got[3], InvalidMessageError)


def test_what_the_callable_raises_is_raised_as_it_is(lab2: Lab) -> None:
    error = ZeroDivisionError("mine")

    def on_invalid(*_: Any) -> None:
        raise error

    lab2.arrive_raw(INVALID)
    lab2.arrive(b"good")
    with reader(lab2, on_invalid=on_invalid) as it:
        with pytest.raises(ZeroDivisionError) as caught:
            next(it)

        assert caught.value is error
        assert b"good" == next(it).value


@pytest.mark.parametrize("choice", ["ignore", 1, None, ["raise"]])
def test_another_on_invalid_is_refused(lab: Lab, choice: Any) -> None:
    lab.registered(reader=lab.reader())

    with pytest.raises(InvalidArgumentError, match="on_invalid"):
        reader(lab, on_invalid=choice)


def test_what_the_iteration_raises_is_translated_counted_and_the_next_call_goes_on(lab2: Lab) -> None:
    lab2.arrive(LabError("hiccup"), b"good")
    with reader(lab2) as it:
        with pytest.raises(SinetError, match="lab: LabError: hiccup") as caught:
            next(it)

        assert isinstance(caught.value.__cause__, LabError)
        assert b"good" == next(it).value
        assert 1 == it.metrics.error_count_total


def test_an_interrupted_wait_goes_on_with_the_next_call(lab: Lab) -> None:
    lab.registered(reader=lab.reader()).arrive(KeyboardInterrupt(), b"good")
    with reader(lab) as it:
        with pytest.raises(KeyboardInterrupt):
            next(it)

        assert b"good" == next(it).value


def test_a_second_thread_is_refused_while_one_reads(lab2: Lab) -> None:
    with reader(lab2, receive_timeout_ms=math.inf) as it:
        taken = in_thread(lambda: next(it))
        until(lambda: not hasattr(it, "_turn"))
        with pytest.raises(BusyError, match="one thread"):
            next(it)
        lab2.arrive(b"mine")

        assert b"mine" == taken().value


def test_threads_may_read_after_one_another(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")
    with reader(lab2) as it:
        assert [b"1", b"2"] == [in_thread(lambda: next(it))().value for _ in range(2)]


def test_closing_ends_a_loop_that_waits_in_another_thread(lab2: Lab) -> None:
    it = reader(lab2, receive_timeout_ms=math.inf).open()
    lab2.arrive(b"1")
    first = threading.Event()

    def loop() -> list[bytes]:
        got = []
        for message in it:
            got.append(message.value)
            first.set()
        return got

    ended = in_thread(loop)
    assert first.wait(WAIT)
    it.close()

    assert [b"1"] == ended()


def test_next_that_waits_says_that_the_reader_was_closed(lab2: Lab) -> None:
    it = reader(lab2, receive_timeout_ms=math.inf).open()
    waiting = in_thread(lambda: next(it))
    until(lambda: not hasattr(it, "_turn"))
    it.close()

    with pytest.raises(NotOpenError):
        waiting()


def test_closing_in_the_loop_ends_it(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")
    got = []
    with reader(lab2) as it:
        for message in it:
            got.append(message.value)
            it.close()

    assert [b"1"] == got


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_message_is_finished_when_the_next_is_asked_for(lab2: Lab, consistency: str) -> None:
    lab2.arrive(b"1", b"2")
    with reader(lab2, consistency=consistency) as it:
        next(it)
        assert [] == lab2.acknowledged
        next(it)
        assert [1] == lab2.acknowledged
        assert [] == list(it)
        assert [1, 2] == lab2.acknowledged

    assert [1, 2] == lab2.acknowledged


def test_a_message_is_finished_when_the_loop_was_left_and_the_block_ends(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")
    with reader(lab2, consistency=AT_LEAST_ONCE) as it:
        for _ in it:
            break

    assert [1] == lab2.acknowledged


def test_a_message_is_not_finished_when_an_exception_leaves_the_block(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")

    def fails() -> None:
        with reader(lab2, consistency=AT_LEAST_ONCE) as it:
            next(it)
            next(it)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert [1] == lab2.acknowledged


def test_a_message_is_not_finished_when_another_thread_closes(lab2: Lab) -> None:
    lab2.arrive(b"1")
    it = reader(lab2, consistency=AT_LEAST_ONCE).open()
    next(it)
    in_thread(it.close)()

    assert [] == lab2.acknowledged


def test_at_most_once_acknowledges_before_it_hands_out(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")
    with reader(lab2, consistency=AT_MOST_ONCE) as it:
        next(it)
        assert [1] == lab2.acknowledged

    assert [1] == lab2.acknowledged


def test_an_invalid_message_is_finished_when_the_next_is_asked_for(lab2: Lab) -> None:
    lab2.arrive_raw(INVALID)
    lab2.arrive(b"2")
    with reader(lab2, consistency=AT_LEAST_ONCE) as it:
        with pytest.raises(InvalidMessageError):
            next(it)
        assert [] == lab2.acknowledged
        next(it)

        assert [1] == lab2.acknowledged


def test_a_skipped_message_is_finished_at_once(lab2: Lab) -> None:
    lab2.arrive_raw(INVALID)
    with reader(lab2, consistency=AT_LEAST_ONCE, on_invalid="skip") as it:
        assert [] == list(it)

        assert [1] == lab2.acknowledged


def test_an_old_message_is_not_acknowledged_to_a_new_plugin(lab2: Lab) -> None:
    lab2.arrive(b"1")
    it = reader(lab2, consistency=AT_LEAST_ONCE).open()
    next(it)
    in_thread(it.close)()
    lab2.arrive(b"2")
    with it:
        next(it)

    assert [2] == lab2.acknowledged


def test_a_plugin_without_the_ability_is_never_told(lab: Lab) -> None:
    lab.registered(reader=lab.reader(NONE)).arrive(b"1")
    with reader(lab) as it:
        next(it)

    assert [] == lab.acknowledged


def test_what_acknowledging_raises_is_translated_and_said_once(lab2: Lab) -> None:
    lab2.arrive(b"1", b"2")
    lab2.on_acknowledge = raising_once(LabError("lost"))
    with reader(lab2, consistency=AT_LEAST_ONCE) as it:
        next(it)
        with pytest.raises(SinetError, match="LabError: lost"):
            next(it)

        assert b"2" == next(it).value


def test_a_plugin_that_fails_to_acknowledge_in_close_is_closed_all_the_same(lab2: Lab) -> None:
    lab2.arrive(b"1")
    lab2.on_acknowledge = raising(LabError("lost"))
    it = reader(lab2, consistency=AT_LEAST_ONCE).open()
    next(it)

    with pytest.raises(SinetError, match="LabError: lost"):
        it.close()
    assert "close" == lab2.calls[-1]


class _TakesBack:
    """Hands out one message at the very moment at which it is closed, and takes it back."""

    abilities = SAFE

    def __init__(self, params: dict[str, Any]) -> None:
        self.gate = _TakesBack.gate

    gate: Gate

    def open(self) -> None: ...

    def close(self) -> None: ...

    def acknowledge(self, raw: Any) -> None: ...

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        self.gate()
        yield b"", "t", None


def test_what_arrives_while_closing_stays_with_a_plugin_that_takes_it_back(lab: Lab) -> None:
    _TakesBack.gate = Gate()
    lab.registered(reader=_TakesBack)
    it = reader(lab).open()
    got = in_thread(lambda: list(it))
    _TakesBack.gate.wait_reached()
    it.close()
    _TakesBack.gate.opened.set()

    assert [] == got()


def test_positions_are_moved_where_the_plugin_can(lab2: Lab) -> None:
    lab2.undo()
    abilities = SAFE | {Ability.SEEK, Ability.SEEK_TIME}
    lab2.registered(reader=lab2.reader(abilities))
    with reader(lab2) as it:
        it.seek_to_beginning()
        it.seek_to_end()
        it.seek_to_time(1.5)

    assert ["seek_to_beginning", "seek_to_end", "seek_to_time 1500000"] == lab2.calls[2:5]


def test_positions_are_not_moved_where_the_plugin_does_not_say_that_it_can(lab2: Lab) -> None:
    with reader(lab2) as it:
        for seek in (it.seek_to_beginning, it.seek_to_end, lambda: it.seek_to_time(0)):
            with pytest.raises(UnsupportedOperationError, match="does not declare SEEK"):
                seek()


def test_no_position_is_moved_before_open(lab: Lab) -> None:
    lab.registered(reader=lab.reader(frozenset((Ability.SEEK,))))

    with pytest.raises(NotOpenError):
        reader(lab).seek_to_beginning()
