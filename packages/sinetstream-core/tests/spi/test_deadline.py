"""A step ends in time, or soon after it was stopped."""

from __future__ import annotations

import threading
from math import inf

import pytest
from sinetstream.spi import Deadline

WAIT = 10.0


def stopped() -> threading.Event:
    stop = threading.Event()
    stop.set()
    return stop


def no_answer() -> None:
    raise TimeoutError("no answer yet")


def test_what_is_left_never_grows_and_ends_at_zero() -> None:
    deadline = Deadline(WAIT)

    assert WAIT - 1 < deadline.left_s <= WAIT
    assert deadline.timeout is not None
    assert deadline.left_s >= deadline.timeout > WAIT - 1
    assert not deadline.is_over
    assert 0 == Deadline(-1).left_s == Deadline(-1).timeout
    assert Deadline(0).is_over


def test_milliseconds_are_taken_as_parameters_have_them() -> None:
    assert WAIT - 1 < Deadline.in_ms(WAIT * 1000).left_s <= WAIT


def test_without_end_it_is_never_over_and_waits_as_locks_do() -> None:
    deadline = Deadline.in_ms(inf)

    assert inf == deadline.left_s
    assert deadline.timeout is None
    assert not deadline.is_over
    assert threading.Lock().acquire(timeout=deadline.slice_s)


def test_a_stopped_one_is_over_although_time_is_left() -> None:
    deadline = Deadline(WAIT, stopped())

    assert deadline.is_stopped
    assert deadline.is_over
    assert deadline.left_s > WAIT - 1


def test_a_single_wait_is_sliced_only_where_it_can_be_stopped() -> None:
    assert 0.5 == Deadline(WAIT, threading.Event(), slice_s=0.5).slice_s
    assert Deadline(WAIT).slice_s > WAIT - 1
    assert Deadline(0.1, threading.Event()).slice_s <= 0.1


def test_a_part_of_a_step_ends_no_later_than_the_step() -> None:
    stop = threading.Event()
    step = Deadline(1, stop, slice_s=0.05)

    assert step.within(WAIT).left_s <= 1
    assert step.within(0.5).left_s <= 0.5
    assert 0.05 == step.within(0.5).slice_s
    stop.set()
    assert step.within(0.5).is_over


def test_an_attempt_is_made_again_until_it_succeeds() -> None:
    answers = [TimeoutError(), TimeoutError(), "answer"]

    def attempt() -> str:
        answer = answers.pop(0)
        if isinstance(answer, TimeoutError):
            raise answer
        assert isinstance(answer, str)
        return answer

    assert Deadline(WAIT).retry(attempt) == "answer"


@pytest.mark.parametrize("deadline", [Deadline(0), Deadline(WAIT, stopped())], ids=["late", "stopped"])
def test_an_attempt_is_made_once_even_where_no_time_is_left(deadline: Deadline) -> None:
    with pytest.raises(TimeoutError, match="no answer yet"):
        deadline.retry(no_answer)

    assert 7 == deadline.retry(lambda: 7)
    assert deadline.wait_until(lambda seconds: True)
    assert not deadline.wait_until(lambda seconds: False)


def test_another_error_than_a_timeout_is_raised_at_once() -> None:
    calls = []

    def refused() -> None:
        calls.append(1)
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        Deadline(WAIT).retry(refused)
    assert [1] == calls


def test_waiting_asks_for_one_slice_at_a_time_until_stopped() -> None:
    stop = threading.Event()
    asked: list[float] = []

    def done(seconds: float) -> bool:
        asked.append(seconds)
        if len(asked) == 3:
            stop.set()
        return False

    assert not Deadline(WAIT, stop, slice_s=0.25).wait_until(done)
    assert [0.25] * 3 == asked


def test_a_pause_ends_with_its_time_with_the_step_or_when_stopped() -> None:
    stop = threading.Event()
    threading.Timer(0.02, stop.set).start()

    assert Deadline(WAIT).pause(0.001)
    assert not Deadline(0.01).pause(WAIT)
    assert not Deadline(WAIT, stop).pause(WAIT)
