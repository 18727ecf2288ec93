"""Two threads meet at every bytecode: one is stopped there, the other runs to its end, and nothing is lost.

What random meetings of threads hit once in a million, these hit each time: `test_the_library_loses_callbacks` shows it.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import promise
import pytest
from sinetstream.spi.delivery import Delivery

Promise: Any = promise.Promise
# Between these lines and the one before, the store of the state, CPython switches no threads: there is no call and no jump.
OUTCOME_STORED = "self._rejection_handler0 = value", "self._fulfillment_handler0 = reason"
Scene = Callable[[], tuple[Callable[[], object], Callable[[], object], Callable[[], object]]]
WAIT = 10


def interleave(scene: Scene, patience: float = 0.004) -> int:
    """Stop the scene's first action before its n-th bytecode and run the second one; then the check. For every n."""
    n = 0
    while True:
        first, second, check = scene()
        seen, threads = 0, list[threading.Thread]()

        def trace(
            frame: FrameType, event: str, _: object, n: int = n, threads: Any = threads, second: Any = second
        ) -> Any:
            nonlocal seen
            if "/promise/" not in frame.f_code.co_filename and "/spi/" not in frame.f_code.co_filename:
                return None
            if linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0).strip() in OUTCOME_STORED:
                return trace
            frame.f_trace_opcodes = True
            if event in {"opcode", "line"}:  # Python 3.12 reports few opcodes
                if seen == n:
                    threads.append(threading.Thread(target=second, daemon=True))
                    threads[0].start()
                    threads[0].join(patience)  # it may need the lock that the first one holds here
                seen += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            first()
        finally:
            sys.settrace(before)
        if not threads:
            return n
        threads[0].join(WAIT)
        assert not threads[0].is_alive()
        check()
        n += 1


def both_ways(scene: Scene) -> None:
    def turned() -> tuple[Callable[[], object], Callable[[], object], Callable[[], object]]:
        first, second, check = scene()
        return second, first, check

    assert interleave(scene) > 20
    assert interleave(turned) > 20


class Owner:
    def __init__(self) -> None:
        self.posted: list[Delivery[Any]] = []

    def post(self, delivery: Delivery[Any]) -> None:
        self.posted.append(delivery)


def test_the_library_loses_callbacks() -> None:
    lost: list[Any] = []

    def scene() -> Any:
        p, chained = Promise(), list[Any]()
        return (
            lambda: chained.append(p.then(lambda v: v)),
            lambda: p.do_resolve(None),
            lambda: lost.extend(child for child in chained if child.is_pending),
        )

    interleave(scene)
    assert lost, "a library that is mended, or a test that tests nothing"


def test_then_and_settling() -> None:
    def scene() -> Any:
        d, ran = Delivery[int](), list[Any]()

        def check() -> None:
            assert ran == [2]

        return lambda: d.fulfil(1), lambda: d.then(lambda v: v + 1).then(ran.append), check

    both_ways(scene)


def test_then_and_completion_by_the_owner() -> None:
    def scene() -> Any:
        d, ran = Delivery[int](), list[Any]()
        d.adopt(Owner())
        d.fulfil(1)

        def check() -> None:
            assert ran == [1]

        return d.complete, lambda: d.then(ran.append), check

    both_ways(scene)


def test_adoption_and_settling() -> None:
    def scene() -> Any:
        d, owner, early, seen = Delivery[int](), Owner(), list[Any](), list[Any]()
        d.then(None, early.append)
        ours = ValueError("ours")

        def adopt() -> None:
            d.adopt(owner)
            seen.append(d.is_pending)
            d.then(None, seen.append)

        def check() -> None:
            assert owner.posted == [d]
            d.complete(ours)
            assert seen == [True, ours]
            assert len(early) == 1

        return lambda: d.fail(KeyError()), adopt, check

    both_ways(scene)


def test_adoption_of_a_settled_one_and_then() -> None:
    def scene() -> Any:
        d, owner, seen = Delivery.rejected(KeyError()), Owner(), list[Any]()

        def check() -> None:
            assert owner.posted == [d]
            d.complete(ValueError())
            assert len(seen) == 1

        return lambda: d.adopt(owner), lambda: d.catch(seen.append), check

    both_ways(scene)


@pytest.mark.parametrize("value", [None, 0, 5])
def test_wrap_and_resolution(value: object) -> None:
    def scene() -> Any:
        p, wrapped = Promise(), list[Any]()

        def check() -> None:
            assert wrapped[0].get(1) == value

        return lambda: p.do_resolve(value), lambda: wrapped.append(Delivery.wrap(p)), check

    both_ways(scene)


def test_wrap_and_rejection() -> None:
    def scene() -> Any:
        p, wrapped, error = Promise(), list[Any](), KeyError()

        def check() -> None:
            assert wrapped[0].catch(lambda e: e).get(1) is error

        return lambda: p.do_reject(error), lambda: wrapped.append(Delivery.wrap(p)), check

    both_ways(scene)


def test_promise_all_and_settling() -> None:
    def scene() -> Any:
        ds, gathered = [Delivery[int](), Delivery[int]()], list[Any]()

        def check() -> None:
            assert gathered[0].get(1) == [0, 1]

        return (
            lambda: [d.fulfil(i) for i, d in enumerate(ds)],
            lambda: gathered.append(Promise.all(ds).then(lambda values: values)),
            check,
        )

    both_ways(scene)


def test_promise_all_and_rejection() -> None:
    def scene() -> Any:
        ds, gathered, error = [Delivery[int](), Delivery[int]()], list[Any](), KeyError()

        def check() -> None:
            assert gathered[0].catch(lambda e: e).get(1) is error

        return lambda: [d.fail(error) for d in ds], lambda: gathered.append(Promise.all(ds)), check

    both_ways(scene)


def test_two_threads_that_settle_what_is_gathered() -> None:
    def scene() -> Any:
        ds = [Delivery[int]() for _ in range(3)]
        gathered = Promise.all(ds)

        def check() -> None:
            ds[2].fulfil(2)
            assert gathered.get(1) == [0, 1, 2]

        return lambda: ds[0].fulfil(0), lambda: ds[1].fulfil(1), check

    both_ways(scene)


def test_a_plain_promise_that_follows_a_delivery_and_settling() -> None:
    def scene() -> Any:
        d, ran, got = Delivery[int](), list[Any](), list[Any]()

        def follow() -> None:
            start = Promise()
            middle = start.then(lambda v: d)
            middle.then(ran.append)
            start.do_resolve(None)
            middle.then(ran.append)
            got.append(middle)

        def check() -> None:
            assert ran == [1, 1]
            assert got[0].get(1) == 1

        return lambda: d.fulfil(1), follow, check

    both_ways(scene)


def test_gathering_and_settling() -> None:
    def scene() -> Any:
        ds, gathered = [Delivery[int](), Delivery[int]()], list[Any]()

        def check() -> None:
            assert gathered[0].get(1) == [0, 1, 2]

        return (
            lambda: [d.fulfil(i) for i, d in enumerate(ds)],
            lambda: gathered.append(Delivery.all([*ds, 2]).then(lambda values: values)),
            check,
        )

    both_ways(scene)


def test_get_and_settling() -> None:
    in_time: list[bool] = []

    def scene() -> Any:
        d = Delivery[int]()

        def get() -> None:
            try:
                in_time.append(d.get(0.01) == 1)
            except TimeoutError:
                in_time.append(False)

        return get, lambda: d.fulfil(1), lambda: None

    interleave(scene, patience=WAIT)
    # Stopped before it blocks, it finds the value or is woken; stopped after it gave up, it has given up.
    assert in_time[:40] == [True] * 40
    assert in_time == sorted(in_time, reverse=True)
