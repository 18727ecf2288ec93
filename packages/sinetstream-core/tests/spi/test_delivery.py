from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import logging
import os
import threading
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import promise
import pytest
from sinetstream.errors import InvalidArgumentError, PublishTimeoutError, SinetError
from sinetstream.spi.delivery import Delivery

Promise: Any = promise.Promise  # its types are not of use

WAIT = 10


class Dispatcher:
    """An owner that completes only when a test says so, in the thread of the test."""

    def __init__(self) -> None:
        self.posted: list[Delivery[Any]] = []

    def post(self, delivery: Delivery[Any]) -> None:
        self.posted.append(delivery)

    def dispatch(self) -> None:
        self.posted.pop(0).complete()


def in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_the_first_settlement_counts_and_later_ones_say_that_they_do_not() -> None:
    d: Delivery[int] = Delivery()

    assert d.is_pending
    assert d.fulfil(1)
    assert not d.fulfil(2)
    assert not d.fail(ValueError())
    d.do_reject(ValueError())
    assert d.is_fulfilled
    assert d.get() == d.value == 1


def test_fulfil_keeps_a_promise_as_it_is_and_do_resolve_follows_it() -> None:
    inner: Delivery[int] = Delivery()
    kept: Delivery[Any] = Delivery()
    followed: Delivery[Any] = Delivery()
    kept.fulfil(inner)
    followed.do_resolve(inner)

    assert kept.then().get(WAIT) is inner
    assert followed.is_pending
    inner.fulfil(3)
    assert followed.get(WAIT) == 3


def test_what_is_no_exception_is_refused() -> None:
    with pytest.raises(InvalidArgumentError):
        Delivery[int]().fail("no")  # type: ignore[arg-type]


def test_it_is_a_promise_with_an_executor_as_any() -> None:
    d: Delivery[int] = Delivery(lambda resolve, reject: resolve(4))

    assert isinstance(d, Promise)
    assert d.get(0) == 4
    with pytest.raises(KeyError):
        Delivery[Any](lambda resolve, reject: resolve(dict[str, Any]()["absent"])).get(0)


def test_then_catch_done_all_and_then_all_run_their_handlers_once_in_order() -> None:
    d: Any = Delivery()
    seen: list[Any] = []
    chained = d.then(lambda v: v + 1).then(seen.append)
    caught = d.then(lambda v: 1 // v).catch(lambda e: seen.append(type(e)))
    d.done(lambda v: seen.append("done"))
    d.done_all(
        [lambda v: seen.append("a"), (lambda v: seen.append("b"), None), {"success": lambda v: seen.append("c")}]
    )
    all_of = d.then_all([lambda v: 1, (lambda v: 2, None), {"success": lambda v: 3}])
    d.fulfil(0)

    assert isinstance(chained, Delivery)
    assert (chained.get(0), caught.get(0)) == (None, None)
    assert ["done", "a", "b", "c", 1, ZeroDivisionError] == seen
    assert [p.get(0) for p in all_of] == [1, 2, 3]


def test_a_handler_attached_to_a_settled_one_runs_at_once_in_the_caller() -> None:
    threads: list[int] = []
    Delivery.fulfilled(1).then(lambda v: threads.append(threading.get_ident()))

    assert threads == [threading.get_ident()]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, StopIteration])
def test_a_raising_handler_rejects_its_chain_and_disturbs_nobody(kind: type[BaseException]) -> None:
    def bad(value: object) -> None:
        raise kind("x")

    outcomes: list[Any] = []

    def settle() -> None:
        d: Delivery[int] = Delivery()
        outcomes.append(d.then(bad))
        outcomes.append(d.then(lambda v: v))
        d.fulfil(1)
        after: Delivery[int] = Delivery()
        outcomes.append(after.then(lambda v: v))
        after.fulfil(2)

    in_thread(settle)
    assert [p.is_pending for p in outcomes] == [False] * 3
    assert [p.value for p in outcomes[1:]] == [1, 2]
    reason = outcomes[0].reason
    assert isinstance(reason, Exception)
    assert isinstance(reason if issubclass(kind, Exception) else reason.__cause__, kind)


def test_an_error_left_over_after_done_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    d: Delivery[int] = Delivery()
    d.done(lambda v: 1 // v)
    d.fulfil(0)
    Delivery.rejected(ValueError("v")).done(print)
    Delivery.rejected(ValueError("handled")).done(None, lambda e: None)

    assert [(r.name, r.levelno) for r in caplog.records] == [("sinetstream", logging.ERROR)] * 2
    errors = [r.exc_info[0] for r in caplog.records if r.exc_info]
    assert errors == [ZeroDivisionError, ValueError]


def test_get_waits_for_another_thread() -> None:
    d: Delivery[int] = Delivery()
    threading.Timer(0.01, d.fulfil, [5]).start()

    assert d.get(WAIT) == 5
    d.wait(0)


@pytest.mark.parametrize("timeout", [0, 0.001, -1])
def test_a_timeout_is_ours_and_leaves_nothing_behind(timeout: float) -> None:
    d: Delivery[int] = Delivery()
    before = list(d._todo or ())
    with pytest.raises(PublishTimeoutError) as info:
        d.get(timeout)

    assert isinstance(info.value, TimeoutError)
    assert d._todo == before


def test_get_raises_the_error_itself_and_its_traceback_does_not_grow() -> None:
    error = ValueError("x")
    d: Delivery[int] = Delivery()
    d.fail(error)
    depths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="x") as info:
            d.get()
        assert info.value is error
        depths.append(len(traceback.extract_tb(error.__traceback__)))

    assert depths == [depths[0]] * 3


def test_waiters_wake_before_slow_handlers_end() -> None:
    d: Delivery[int] = Delivery()
    slow = threading.Event()
    d.then(lambda v: slow.wait(WAIT))
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(d.get(WAIT)))
    waiting.start()
    settling = threading.Thread(target=lambda: d.fulfil(1))
    settling.start()
    waiting.join(WAIT)
    alive = settling.is_alive()
    slow.set()
    settling.join(WAIT)

    assert (got, alive) == ([1], True)


def test_a_chain_of_thousands_does_not_recurse() -> None:
    first: Delivery[int] = Delivery()
    last: Delivery[int] = first
    for _ in range(5000):
        last = last.then(lambda v: v + 1)
    first.fulfil(0)

    assert last.get(0) == 5000


def test_a_settled_delivery_keeps_neither_handlers_nor_children() -> None:
    class Big:
        pass

    big = Big()
    gone = weakref.ref(big)
    d: Delivery[int] = Delivery()
    d.then(lambda v, big=big: None)
    d.fulfil(1)
    del big
    gc.collect()

    assert gone() is None


def test_repr_tells_the_state_and_not_the_value() -> None:
    assert "fulfilled" in repr(Delivery.fulfilled("s3cret"))
    assert "s3cret" not in repr(Delivery.fulfilled("s3cret"))


# -- asyncio


def test_await_is_woken_from_another_thread_several_at_once() -> None:
    async def main() -> list[int]:
        d: Delivery[int] = Delivery()

        async def wait() -> int:
            return await d

        tasks = [asyncio.create_task(wait()) for _ in range(3)]
        await asyncio.sleep(0)
        threading.Thread(target=d.fulfil, args=[7]).start()
        return await asyncio.wait_for(asyncio.gather(*tasks, d.future), WAIT)

    assert asyncio.run(main()) == [7, 7, 7, 7]


def test_await_raises_the_error_itself() -> None:
    error = ValueError("x")

    async def main() -> None:
        d: Delivery[int] = Delivery()
        threading.Thread(target=d.fail, args=[error]).start()
        await asyncio.wait_for(d, WAIT)

    with pytest.raises(ValueError, match="x") as info:
        asyncio.run(main())
    assert info.value is error


def test_a_cancelled_awaiter_leaves_the_others_alone() -> None:
    async def main() -> tuple[bool, int, bool]:
        d: Delivery[int] = Delivery()

        async def wait() -> int:
            return await d

        one, two = asyncio.create_task(wait()), asyncio.create_task(wait())
        future = d.future
        await asyncio.sleep(0)
        one.cancel()
        future.cancel()
        await asyncio.wait([one, future])
        pending = d.is_pending
        d.fulfil(1)
        return pending, await two, one.cancelled()

    assert asyncio.run(main()) == (True, 1, True)


def test_a_loop_closed_in_between_does_not_trouble_the_settling_thread() -> None:
    d: Delivery[int] = Delivery()
    loop = asyncio.new_event_loop()
    coroutine = d.__await__()

    async def start() -> None:
        next(coroutine)

    loop.run_until_complete(start())
    loop.close()
    d.fulfil(1)

    assert d.get(0) == 1
    coroutine.close()


def test_coroutines_and_futures_are_followed() -> None:
    async def value(v: Any) -> Any:
        return v

    async def main() -> list[Any]:
        cancelled = asyncio.get_running_loop().create_future()
        cancelled.cancel()
        d = Delivery.fulfilled(1)
        outcomes = [d.then(value), d.then(lambda v: asyncio.ensure_future(value(2))), Delivery.cast(cancelled)]
        return [await p.catch(lambda e: type(e.__cause__)) for p in outcomes]

    assert asyncio.run(main()) == [1, 2, asyncio.CancelledError]


def test_a_coroutine_without_a_loop_rejects() -> None:
    async def value(v: Any) -> Any:
        return v

    with pytest.raises(RuntimeError, match="no running event loop"):
        Delivery.fulfilled(1).then(value).get(0)


def test_concurrent_futures_are_followed_whatever_they_end_with() -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert Delivery.cast(pool.submit(lambda: 3)).then(lambda v: v + 1).get(WAIT) == 4
        with pytest.raises(SinetError, match="SystemExit"):
            Delivery.wrap(pool.submit(lambda: exec("raise SystemExit"))).get(WAIT)


# -- the owner


def test_an_adopted_delivery_is_pending_until_its_owner_completes_it() -> None:
    owner, seen = Dispatcher(), list[Any]()
    d: Delivery[int] = Delivery()
    d.then(lambda v: seen.append(("before", v)))
    d.adopt(owner)
    child = d.then(lambda v: seen.append(("after", threading.get_ident())))
    in_thread(lambda: d.fulfil(1))

    assert owner.posted == [d]
    assert (d.is_pending, child.is_pending, seen) == (True, True, [])
    assert (d.held_value, d.held_error) == (1, None)
    owner.dispatch()
    assert seen == [("before", 1), ("after", threading.get_ident())]
    assert d.get(0) == 1
    assert child.is_fulfilled
    d.complete()
    assert len(seen) == 2


def test_the_owner_may_replace_the_error() -> None:
    owner = Dispatcher()
    d: Delivery[int] = Delivery()
    d.adopt(owner)
    d.fail(KeyError("theirs"))
    assert isinstance(d.held_error, KeyError)
    d.complete(error=SinetError("ours"))

    with pytest.raises(SinetError, match="ours"):
        d.get(0)
    assert isinstance(d.catch(lambda e: e).get(0), SinetError)


def test_a_delivery_settled_before_adoption_is_posted_by_adopt_and_held_again() -> None:
    owner = Dispatcher()
    d = Delivery.rejected(KeyError("theirs"))
    d.adopt(owner)

    assert d.is_pending
    assert owner.posted == [d]
    assert not d.fulfil(1)
    d.complete(error=SinetError("ours"))
    assert isinstance(d.reason, SinetError)


def test_a_second_owner_and_an_early_completion_are_refused() -> None:
    d: Delivery[int] = Delivery()
    d.adopt(Dispatcher())

    with pytest.raises(SinetError, match="owner"):
        d.adopt(Dispatcher())
    with pytest.raises(SinetError, match="not settled"):
        d.complete()


@pytest.mark.parametrize("ends", ["raises", "false"])
def test_when_the_dispatcher_has_ended_the_settling_thread_completes(ends: str) -> None:
    class Ended:
        def post(self, delivery: Delivery[Any]) -> bool:
            if ends == "raises":
                raise RuntimeError
            return False

    d: Delivery[int] = Delivery()
    d.adopt(Ended())
    child = d.then(lambda v: v + 1)
    d.fulfil(1)

    assert child.get(0) == 2


def test_a_child_that_follows_a_foreign_promise_is_posted_too() -> None:
    owner = Dispatcher()
    d: Delivery[int] = Delivery()
    d.adopt(owner)
    foreign: Delivery[int] = Delivery()
    plain = Promise()
    ran: list[Any] = []
    one = d.then(lambda v: foreign)
    two = d.then(lambda v: plain)
    one.then(ran.append)
    two.then(ran.append)
    d.fulfil(1)
    owner.dispatch()
    in_thread(lambda: (foreign.fulfil(2), plain.do_resolve(3)))

    assert owner.posted == [one, two]
    assert ran == []
    owner.dispatch()
    owner.dispatch()
    assert ran == [2, 3]


def test_waiting_in_the_dispatch_thread_raises_instead_of_hanging() -> None:
    class Here(Dispatcher):
        def in_dispatch(self) -> bool:
            return True

    d: Delivery[int] = Delivery()
    d.adopt(Here())

    with pytest.raises(SinetError, match="never end"):
        d.get()
    with pytest.raises(PublishTimeoutError):
        d.get(0)

    every = Promise.all([d, Delivery()])
    for gathered in (every, every.then(None), Promise.all([every])):
        with pytest.raises(SinetError, match="never end"):
            gathered.get()


# -- inside the library


def test_the_library_resolves_to_it_and_gathers_it() -> None:
    d, e = Delivery[int](), Delivery[int]()
    every = Promise.all([d, 5, Delivery.fulfilled(6), e, Promise.resolve(7)])
    by_name = Promise.for_dict({"d": d, "e": e})
    ours = Delivery.all([d, Promise.resolve(8), 9])

    assert Promise.resolve(d) is d
    assert Delivery.resolve(d) is d
    in_thread(lambda: (d.fulfil(1), e.fulfil(2)))
    assert every.get(WAIT) == [1, 5, 6, 2, 7]
    assert by_name.get(WAIT) == {"d": 1, "e": 2}
    assert ours.get(WAIT) == [1, 8, 9]
    assert type(every.get(WAIT)) is list


def test_gathering_with_a_rejected_one_rejects() -> None:
    d, e = Delivery[int](), Delivery[int]()
    every = Promise.all([d, e])
    e.fail(KeyError("x"))
    d.fail(ValueError("later"))

    with pytest.raises(KeyError):
        every.get(WAIT)


def test_all_of_ours_takes_promises_futures_and_values_in_order() -> None:
    d, later = Delivery[int](), concurrent.futures.Future[int]()
    every: Any = Delivery.all(iter([d, "v", Delivery.fulfilled(2), later, Promise.resolve(4)]))
    none: Any = Delivery.all([])
    by_name: Any = Delivery.for_dict({"d": d})  # type: ignore[no-untyped-call, unused-ignore]

    assert every.is_pending

    def settle() -> None:
        later.set_result(3)
        d.fulfil(1)

    in_thread(settle)
    assert isinstance(every, Delivery)
    assert (every.get(WAIT), none.get(0), by_name.get(WAIT)) == ([1, "v", 2, 3, 4], [], {"d": 1})


def test_all_of_ours_is_rejected_with_the_first_error() -> None:
    d, e = Delivery[int](), Delivery[int]()
    every = Delivery.all([d, e, Delivery[int]()])
    e.fail(KeyError("first"))
    d.fail(ValueError("later"))

    with pytest.raises(KeyError):
        every.get(0)


def test_what_is_gathered_is_awaited_from_another_thread() -> None:
    async def main() -> Any:
        d, e = Delivery[int](), Delivery[int]()
        every = asyncio.gather(Delivery.all([d, e]).future, Promise.all([d, e]))
        threading.Thread(target=lambda: (d.fulfil(1), e.fulfil(2))).start()
        return await asyncio.wait_for(every, WAIT)

    assert asyncio.run(main()) == [[1, 2], [1, 2]]


def test_the_library_gathers_deliveries_among_its_own_promises() -> None:
    d, plain, refused, start = Delivery[int](), Promise(), Promise(), Promise()
    first, last, spoiled = Promise.all([plain, d]), Promise.all([d, plain]), Promise.all([d, refused])
    known = Promise.all([d, Promise.reject(KeyError("x"))])
    of_promised_list = Promise.all(start)
    plain.do_resolve(2)
    start.do_resolve([d, 3])
    refused.do_reject(KeyError("x"))
    in_thread(lambda: d.fulfil(1))

    assert [p.get(WAIT) for p in (first, last, of_promised_list)] == [[2, 1], [1, 2], [1, 3]]
    assert [type(p.reason) for p in (spoiled, known)] == [KeyError] * 2


def test_a_plain_promise_can_follow_it_with_callbacks_of_its_own() -> None:
    d: Delivery[int] = Delivery()
    start = Promise()
    seen: list[Any] = []
    middle = start.then(lambda v: d)
    early = middle.then(lambda v: v + 1)
    gathered = Promise.all([middle, 3])
    middle.then(seen.append)
    early_child = early.then(lambda v: v + 1)
    start.do_resolve(None)
    late = middle.then(lambda v: v * 10)
    assert middle.is_pending
    in_thread(lambda: d.fulfil(1))

    assert [p.get(WAIT) for p in (middle, early, early_child, late, gathered)] == [1, 2, 3, 10, [1, 3]]
    assert seen == [1]
    assert middle.then(lambda v: v + 5).get(WAIT) == 6


def test_a_plain_follower_times_out_and_is_awaited_as_the_delivery() -> None:
    d: Delivery[int] = Delivery()
    follower = Promise.resolve(None).then(lambda v: d)
    with pytest.raises(PublishTimeoutError):
        follower.get(0.001)

    async def main() -> Any:
        threading.Thread(target=d.fulfil, args=[1]).start()
        return await follower

    assert asyncio.run(main()) == 1


def test_a_plain_promise_returned_from_its_handler_is_followed() -> None:
    plain = Promise()
    child = Delivery.fulfilled(1).then(lambda v: plain)
    grandchild = child.catch(str)
    in_thread(lambda: plain.do_reject(ValueError("x")))

    assert grandchild.get(WAIT) == "x"


def test_a_promise_cannot_resolve_to_itself() -> None:
    d: Delivery[Any] = Delivery()
    d.do_resolve(d)

    with pytest.raises(TypeError):
        d.get(0)


def test_settling_is_not_stopped_by_a_thread_whose_library_queue_is_dead() -> None:
    def kill(value: object) -> None:
        raise SystemExit

    d = Delivery[int]()
    child, gathered = d.then(lambda v: v + 1), Promise.all([d])

    def settle() -> None:
        Promise.resolve(1).then(kill)  # from here on, the library runs no callback in this thread
        d.fulfil(1)

    in_thread(settle)
    assert (child.get(0), gathered.get(0)) == (2, [1])


# -- wrap


def test_wrap_copies_what_is_settled_and_keeps_what_needs_no_wrapping() -> None:
    d: Delivery[int] = Delivery()

    assert Delivery.wrap(d) is d
    assert Delivery.wrap(Promise.resolve(1)).get(0) == 1
    assert Delivery.wrap(Promise.resolve(None)).get(0) is None
    assert isinstance(Delivery.wrap(Promise.reject(KeyError("x"))).reason, KeyError)
    d.adopt(Dispatcher())
    assert Delivery.wrap(d) is not d
    Delivery.wrap(d).adopt(Dispatcher())


def test_a_wrapped_promise_still_works_for_its_maker() -> None:
    plain, seen = Promise(), list[Any]()
    before = plain.then(seen.append)
    first, second = Delivery.wrap(plain), Delivery.wrap(plain)
    after = plain.then(lambda v: v + 1)
    plain.do_resolve(1)

    assert (first.get(0), second.get(0), after.get(0), plain.get()) == (1, 1, 2, 1)
    assert before.is_fulfilled
    assert seen == [1]
    assert (plain.__class__, isinstance(plain, Promise), type(after)) == (Promise, True, Promise)


def test_many_deliveries_may_wrap_one_promise_that_others_use_too() -> None:
    plain, seen = Promise(), list[Any]()
    wrapped = [Delivery.wrap(plain) for _ in range(1000)]
    plain.then(seen.append, seen.append)
    in_thread(lambda: plain.do_resolve(0))

    assert [d.get(0) for d in wrapped] == [0] * 1000
    assert (seen, plain.value) == ([0], 0)


def test_a_promise_that_takes_no_more_callbacks_rejects_what_wraps_it() -> None:
    plain = Promise()
    for _ in range(0xFFFF - 2):  # the library counts callbacks in 16 bits
        plain.then()
    wrapped = Delivery.wrap(plain)

    with pytest.raises(SinetError, match="no callbacks"):
        wrapped.get(0)


def test_a_wrapped_promise_may_begin_to_follow_later() -> None:
    for target in (Promise(), Delivery[int]()):
        plain = Promise()
        d = Delivery.wrap(plain)
        plain.do_resolve(target)
        assert d.is_pending
        assert Delivery.wrap(plain).is_pending
        target.do_resolve(3)
        assert d.get(0) == 3
        assert Delivery.wrap(plain).get(0) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_not_held_up_by_a_lock_of_its_parent() -> None:
    import warnings

    from sinetstream.spi.delivery import settlement

    with settlement._lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that other threads of the test run exist
        child = os.fork()
        if not child:
            thread = threading.Thread(target=Delivery.fulfilled, args=[1], daemon=True)
            thread.start()
            thread.join(WAIT)
            os._exit(thread.is_alive())
    assert os.waitpid(child, 0)[1] == 0
