"""No more bytes than the limit are taken at a time, and who waits for room gets it in order."""

from __future__ import annotations

import threading
from math import inf

import pytest
from sinetstream.errors import BufferFullError
from sinetstream.spi import ByteBudget, Deadline

WAIT = 10.0


def full(limit: int = 10) -> ByteBudget:
    budget = ByteBudget(limit)
    assert budget.try_take(limit)
    return budget


def test_as_much_as_the_limit_is_taken_and_no_more() -> None:
    budget = ByteBudget(10)

    assert budget.try_take(4)
    assert not budget.try_take(7)
    assert budget.try_take(6)
    assert 10 == budget.taken
    budget.give_back(6)
    assert 4 == budget.taken
    assert ByteBudget(inf).try_take(1 << 60)


def test_who_waits_gets_room_when_it_is_given_back() -> None:
    budget = full()
    threading.Timer(0.05, budget.give_back, (10,)).start()

    assert budget.take(10, Deadline(WAIT))
    assert 10 == budget.taken


def test_who_waits_too_long_gets_nothing_and_holds_nothing() -> None:
    budget = full()

    assert not budget.take(1, Deadline(0.01))
    budget.give_back(10)
    assert 0 == budget.taken
    assert budget.try_take(10)


def test_waiting_ends_soon_after_it_was_stopped() -> None:
    stop = threading.Event()
    threading.Timer(0.02, stop.set).start()

    assert not full().take(1, Deadline(inf, stop, slice_s=0.01))


def test_a_request_is_served_at_once_or_when_there_is_room() -> None:
    budget, served = ByteBudget(10), list[str]()

    budget.take_later(6, lambda: served.append("first"))
    budget.take_later(6, lambda: served.append("second"))
    budget.take_later(1, lambda: served.append("third"))

    assert ["first"] == served
    assert not budget.try_take(1), "who waits comes first"
    budget.give_back(6)
    assert ["first", "second", "third"] == served
    assert 7 == budget.taken


def test_a_withdrawn_request_lets_the_next_one_in() -> None:
    budget, served = full(), list[str]()
    withdraw = budget.take_later(10, lambda: served.append("large"))
    budget.take_later(1, lambda: served.append("small"))
    budget.give_back(5)
    assert [] == served

    withdraw()

    assert ["small"] == served
    assert 6 == budget.taken


def test_withdrawing_what_was_granted_gives_it_back_once() -> None:
    budget = ByteBudget(10)
    withdraw = budget.take_later(6, lambda: None)

    withdraw()
    withdraw()

    assert 0 == budget.taken


def test_what_can_never_have_room_is_refused_at_once() -> None:
    budget = ByteBudget(10)

    with pytest.raises(BufferFullError, match="11 more exceed the limit of 10"):
        budget.take(11, Deadline(WAIT))
    with pytest.raises(BufferFullError):
        budget.take_later(11, lambda: None)


def test_the_error_says_what_can_be_done() -> None:
    budget = ByteBudget(10, "await earlier promises")
    budget.overdraw(10)
    error = budget.full(3)

    assert "10 bytes wait to be confirmed and 3 more exceed the limit of 10: await earlier promises" == str(error)
    assert ("not_sent", 3, 10) == (error.outcome, error.size, error.limit)


def test_what_is_in_use_already_may_exceed_the_limit() -> None:
    budget = full()

    budget.overdraw(5)
    assert 15 == budget.taken
    budget.give_back(10)

    assert budget.try_take(5)
    assert not budget.try_take(1)


def test_a_message_larger_than_the_limit_takes_all_of_it() -> None:
    assert [5, 10, 10] == [ByteBudget(10).clamp(size) for size in (5, 10, 11)]
    assert 1 << 60 == ByteBudget(inf).clamp(1 << 60)


def test_without_its_limit_all_who_wait_get_room() -> None:
    budget, served = full(), list[int]()
    for number in range(3):
        budget.take_later(10, lambda number=number: served.append(number))  # type: ignore[misc]

    budget.lift()

    assert [0, 1, 2] == served
    assert 40 == budget.taken


def test_an_interrupt_while_waiting_withdraws_the_request() -> None:
    budget = full()

    class Interrupting(Deadline):
        def wait_until(self, done: object) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        budget.take(5, Interrupting(WAIT))

    budget.give_back(10)
    assert budget.try_take(10)


def test_many_threads_take_and_give_back_what_they_took() -> None:
    budget, most = ByteBudget(5), list[int]()

    def work() -> None:
        for size in (1, 2, 3, 4, 5) * 40:
            assert budget.take(size, Deadline(WAIT))
            most.append(budget.taken)
            budget.give_back(size)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1600 == len(most)
    assert max(most) <= 5
    assert 0 == budget.taken
