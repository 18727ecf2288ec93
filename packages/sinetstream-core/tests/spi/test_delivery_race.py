"""Two threads, thousands of meetings: whatever the moment, nothing is lost and nothing happens twice."""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import promise
import pytest
from sinetstream.spi.delivery import Delivery

Promise: Any = promise.Promise  # its types are not of use

ROUNDS = 1000
WAIT = 20


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def race(rounds: int, prepare: Callable[[], tuple[Callable[[], object], ...]]) -> None:
    """Run what `prepare` returns at the same time, each in a thread of its own, `rounds` times."""
    actions: list[tuple[Callable[[], object], ...]] = [prepare() for _ in range(rounds)]
    meet = threading.Barrier(len(actions[0]), timeout=WAIT)
    failures: list[BaseException] = []

    def run(i: int) -> None:
        try:
            for action in actions:
                meet.wait()
                action[i]()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
            meet.abort()

    threads = [threading.Thread(target=run, args=[i], daemon=True) for i in range(len(actions[0]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert failures == []


def test_a_handler_attached_while_settling_runs_exactly_once_also_when_chained() -> None:
    ran: list[Any] = []
    ends: list[Delivery[Any]] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        d: Delivery[int] = Delivery()

        def note(value: Any) -> Any:
            ran.append(value)
            return value

        def attach() -> None:
            ends.append(d.then(note).then(note))

        return lambda: d.fulfil(1), attach, attach

    race(ROUNDS, prepare)
    for end in ends:
        end.get(WAIT)
    assert len(ran) == ROUNDS * 4


def test_of_several_settlements_exactly_one_counts() -> None:
    won: list[bool] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        d: Delivery[int] = Delivery()
        return lambda: won.append(d.fulfil(1)), lambda: won.append(d.fail(ValueError()))

    race(ROUNDS, prepare)
    assert won.count(True) == won.count(False) == ROUNDS


def test_a_waiter_never_misses_the_settlement() -> None:
    def prepare() -> tuple[Callable[[], object], ...]:
        d: Delivery[int] = Delivery()
        return lambda: d.fulfil(1), lambda: d.get(WAIT)

    race(ROUNDS, prepare)


@pytest.mark.parametrize("settle_first", [False, True])
def test_adoption_posts_exactly_once_and_holds_the_outcome(settle_first: bool) -> None:
    posted: list[Delivery[Any]] = []
    seen: list[Any] = []

    class Owner:
        def post(self, delivery: Delivery[Any]) -> None:
            posted.append(delivery)

    owner = Owner()

    def prepare() -> tuple[Callable[[], object], ...]:
        d: Delivery[int] = Delivery()

        def adopt() -> None:
            d.adopt(owner)
            assert d.is_pending
            d.then(lambda v: seen.append("raw"), lambda e: seen.append("raw" if isinstance(e, KeyError) else "ours"))

        settle = lambda: d.fail(KeyError())  # noqa: E731
        early = lambda: d.then(None, lambda e: None)  # noqa: E731
        return (settle, adopt, early) if settle_first else (adopt, settle, early)

    race(ROUNDS, prepare)
    assert len(posted) == len(set(map(id, posted))) == ROUNDS
    for d in posted:
        d.complete(ValueError("ours"))
    assert seen == ["ours"] * ROUNDS


def test_an_owner_that_completes_at_once_in_its_thread_loses_no_handler() -> None:
    ran: list[int] = []
    ends: list[Delivery[Any]] = []

    class Owner:
        def __init__(self) -> None:
            self.posted = threading.Event()

        def post(self, delivery: Delivery[Any]) -> None:
            self.posted.set()

    def prepare() -> tuple[Callable[[], object], ...]:
        d, owner = Delivery[int](), Owner()
        d.adopt(owner)

        def attach() -> None:
            ends.append(d.then(ran.append).then(ran.append))

        def dispatch() -> None:
            assert owner.posted.wait(WAIT)
            d.complete()

        return lambda: d.fulfil(1), dispatch, attach, attach

    race(ROUNDS, prepare)
    for end in ends:
        end.get(WAIT)
    assert len(ran) == ROUNDS * 4


def test_promise_all_of_pending_deliveries_is_complete_whatever_settles_when() -> None:
    results: list[Any] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        ds = [Delivery[int]() for _ in range(6)]

        def settle(which: int) -> None:
            for i in range(which, 6, 2):
                ds[i].fulfil(i)

        def gather() -> None:
            results.append(Promise.all(ds).then(list))

        return gather, lambda: settle(0), lambda: settle(1)

    race(ROUNDS, prepare)
    assert [p.get(WAIT) for p in results] == [[0, 1, 2, 3, 4, 5]] * ROUNDS


def test_promise_all_is_rejected_whatever_settles_when() -> None:
    results: list[Any] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        ds = [Delivery[int]() for _ in range(4)]
        return (
            lambda: results.append(Promise.all(ds)),
            lambda: [d.fail(KeyError()) for d in ds],
        )

    race(ROUNDS, prepare)
    for p in results:
        with pytest.raises(KeyError):
            p.get(WAIT)


def test_a_plain_promise_that_follows_while_settling_gets_the_outcome() -> None:
    ends: list[Any] = []
    ran: list[int] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        d: Delivery[int] = Delivery()

        def follow() -> None:
            start = Promise()
            middle = start.then(lambda v: d)
            middle.then(ran.append)
            start.do_resolve(None)
            middle.then(ran.append)
            ends.append(middle)
            ends.append(Promise.resolve(d).then(lambda v: v))

        return lambda: d.fulfil(1), follow

    race(ROUNDS, prepare)
    assert [p.get(WAIT) for p in ends] == [1] * 2 * ROUNDS
    assert ran == [1] * 2 * ROUNDS


@pytest.mark.parametrize("value", [None, 0, 5])
def test_wrap_never_hangs_and_never_gets_another_value(value: object) -> None:
    wrapped: list[Delivery[Any]] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        plain = Promise()
        return lambda: plain.do_resolve(value), lambda: wrapped.append(Delivery.wrap(plain))

    race(ROUNDS, prepare)
    assert [d.get(WAIT) for d in wrapped] == [value] * ROUNDS


def test_wrap_never_misses_a_rejection() -> None:
    wrapped: list[Delivery[Any]] = []

    def prepare() -> tuple[Callable[[], object], ...]:
        refused = Promise()
        return lambda: refused.do_reject(KeyError()), lambda: wrapped.append(Delivery.wrap(refused).catch(lambda e: 1))

    race(ROUNDS, prepare)
    assert [d.get(WAIT) for d in wrapped] == [1] * ROUNDS


def test_wrapping_a_cast_of_a_future_never_hangs() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrapped = [Delivery.wrap(Promise.cast(pool.submit(int, i))) for i in range(ROUNDS)]
        chained = [Delivery.cast(pool.submit(int, i)).then(lambda v: v) for i in range(ROUNDS)]

        assert [d.get(WAIT) for d in wrapped] == [d.get(WAIT) for d in chained] == list(range(ROUNDS))
