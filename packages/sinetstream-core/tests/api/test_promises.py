"""`AsyncMessageWriter`: a promise for each message."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import promise
import pytest
from sinetstream import AsyncMessageWriter
from sinetstream.errors import (
    BufferFullError,
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    SinetError,
    UnsupportedOperationError,
)
from sinetstream.spi import Delivery

from .doubles import SAFE, WAIT, Gate, Lab, LabError, encoded, in_thread, raising, until

library: Any = promise.Promise


def writer(lab: Lab, **kwargs: Any) -> AsyncMessageWriter[Any]:
    return AsyncMessageWriter(**{"type": "lab", "topic": "t", "no_config": True, **kwargs})


@pytest.fixture
def late(lab: Lab) -> Lab:
    """Its promises are settled by the test."""
    return lab.registered(async_writer=lab.async_writer(errors={LabError: ConnectionError}))


def test_publish_gives_a_promise_of_what_the_plugin_gives(late: Lab) -> None:
    with writer(late) as it:
        delivery = it.publish(b"a")

        assert isinstance(delivery, library)
        assert isinstance(delivery, Delivery)
        assert delivery.is_pending
        late.promises[0].fulfil("taken")
        assert "taken" == delivery.get(WAIT)


def test_over_a_waiting_writer_the_promises_end_in_order(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab) as it:
        deliveries = [it.publish(b"%d" % i) for i in range(20)]

        assert list(range(1, 21)) == [delivery.get(WAIT) for delivery in deliveries]
    assert len(lab.published) == 20


def test_publish_does_not_wait_for_a_waiting_writer(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = gate = Gate()
    with writer(lab) as it:
        delivery = it.publish(b"a")

        assert delivery.is_pending
        gate.opened.set()
        assert 1 == delivery.get(WAIT)


def test_handlers_run_in_order_of_completion_on_one_thread_of_ours(late: Lab) -> None:
    ran: list[tuple[int, str]] = []
    with writer(late) as it:
        deliveries = [it.publish(b"") for _ in range(3)]
        for i, delivery in enumerate(deliveries):
            delivery.then(lambda _, i=i: ran.append((i, threading.current_thread().name)))
        for i in (2, 0, 1):
            in_thread(partial(late.promises[i].fulfil, None))()
        until(lambda: len(ran) == 3)

    assert [(i, "sinetstream-promises") for i in (2, 0, 1)] == ran


def test_a_handler_attached_to_an_ended_promise_runs_at_once_in_the_caller(late: Lab) -> None:
    with writer(late) as it:
        delivery = it.publish(b"")
        late.promises[0].fulfil(None)
        delivery.get(WAIT)
        threads: list[threading.Thread] = []
        delivery.then(lambda _: threads.append(threading.current_thread()))

        assert [threading.current_thread()] == threads


def test_a_handler_that_raises_rejects_its_own_promise_alone(late: Lab) -> None:
    def handler(_: Any) -> None:
        raise SystemExit

    with writer(late) as it:
        first, second = it.publish(b""), it.publish(b"")
        chained = first.then(handler)
        for one in late.promises:
            one.fulfil("taken")

        assert "taken" == second.get(WAIT)
        with pytest.raises(SinetError):
            chained.get(WAIT)


def test_a_rejected_promise_is_translated_and_counted(late: Lab) -> None:
    with writer(late) as it:
        delivery = it.publish(b"")
        late.promises[0].fail(LabError("gone"))

        with pytest.raises(ConnectionError, match="lab: LabError: gone") as caught:
            delivery.get(WAIT)
        assert isinstance(caught.value.__cause__, LabError)
        assert (0, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)


def test_a_message_counts_when_it_is_confirmed(late: Lab) -> None:
    with writer(late) as it:
        delivery = it.publish(b"")
        assert 0 == it.metrics.msg_count_total
        late.promises[0].fulfil(None)
        delivery.get(WAIT)

        assert 1 == it.metrics.msg_count_total


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("not bytes",), InvalidMessageError),
        ((None,), InvalidMessageError),
        ((b"", "not a time"), InvalidArgumentError),
        ((b"", 10**5000), InvalidArgumentError),
        ((b"", None, b"a key"), UnsupportedOperationError),
    ],
)
def test_every_failure_of_a_message_is_its_promise(late: Lab, arguments: Any, error: type[Exception]) -> None:
    with writer(late) as it:
        delivery = it.publish(*arguments[:2], **({"key": arguments[2]} if arguments[2:] else {}))

        with pytest.raises(error):
            delivery.get(0)
        assert ([], 1) == (late.published, it.metrics.error_count_total)


def test_what_the_publish_of_a_plugin_raises_is_the_promise(late: Lab) -> None:
    late.on_publish = raising(LabError("now"))
    with writer(late) as it:
        delivery = it.publish(b"")

        with pytest.raises(ConnectionError, match="LabError: now"):
            delivery.get(0)


def test_a_plugin_that_returns_no_promise_is_an_error_of_the_promise(lab: Lab) -> None:
    class NoPromise(lab.async_writer()):  # type: ignore[misc]  # made to measure
        def publish(self, message: bytes) -> None: ...

    lab.registered(async_writer=NoPromise)
    with writer(lab) as it:
        delivery = it.publish(b"")

        with pytest.raises(SinetError):
            delivery.get(WAIT)


def test_beyond_max_pending_bytes_nothing_is_sent(late: Lab) -> None:
    size = len(encoded(b"x"))
    with writer(late, max_pending_bytes=2 * size) as it:
        first, second, third = (it.publish(b"x", 0) for _ in range(3))

        with pytest.raises(BufferFullError, match="max_pending_bytes"):
            third.get(0)
        assert 2 == len(late.published)
        late.promises[1].fulfil(None)
        second.get(WAIT)
        fourth = it.publish(b"x", 0)
        assert fourth.is_pending
        for one in late.promises:
            one.fulfil(None)
        first.get(WAIT)


def test_a_refused_message_takes_no_room(late: Lab) -> None:
    size = len(encoded(b"x"))
    with writer(late, max_pending_bytes=size) as it:
        late.on_publish = raising(LabError("no"))
        for _ in range(3):
            it.publish(b"x", 0)
        late.on_publish = lambda: None
        delivery = it.publish(b"x", 0)

        assert delivery.is_pending
        late.promises[0].fulfil(None)


def test_a_handler_may_publish_into_the_room_its_message_has_left(late: Lab) -> None:
    size = len(encoded(b"x"))
    with writer(late, max_pending_bytes=size) as it:
        chain = it.publish(b"x", 0).then(lambda _: it.publish(b"x", 0))
        late.promises[0].fulfil(None)
        until(lambda: len(late.promises) == 2)
        late.promises[1].fulfil("second")

        assert "second" == chain.get(WAIT)


def test_close_lets_what_waits_finish(late: Lab) -> None:
    it = writer(late).open()
    delivery = it.publish(b"")
    closing = in_thread(it.close)
    until(lambda: it._pending is None)
    assert "close" not in late.calls
    late.promises[0].fulfil("in time")
    closing()

    assert "in time" == delivery.get(0)


def test_close_rejects_what_is_not_confirmed_in_time(late: Lab) -> None:
    ran: list[Any] = []
    it = writer(late, close_timeout_ms=20).open()
    deliveries = [it.publish(b"") for _ in range(3)]
    deliveries[0].catch(ran.append)
    it.close()

    for delivery in deliveries:
        with pytest.raises(ConnectionError, match="unknown"):
            delivery.get(0)
    assert 1 == len(ran)
    assert 3 == it.metrics.error_count_total


def test_a_waiting_writer_that_is_stuck_does_not_keep_close(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = gate = Gate()
    it = writer(lab, close_timeout_ms=20).open()
    deliveries = [it.publish(b"") for _ in range(3)]
    gate.wait_reached()
    it.close()

    for delivery in deliveries:
        with pytest.raises(ConnectionError):
            delivery.get(0)
    gate.opened.set()
    until(lambda: len(lab.published) == 1)


def test_an_unlimited_close_timeout_waits_as_long_as_it_takes(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    with writer(lab, close_timeout_ms=math.inf) as it:
        delivery = it.publish(b"")

    assert 1 == delivery.get(0)


def test_a_publish_that_races_with_close_has_an_end(late: Lab) -> None:
    it = writer(late).open()
    late.on_publish = gate = Gate()
    publishing = in_thread(lambda: it.publish(b""))
    gate.wait_reached()
    it.close()
    gate.opened.set()

    with pytest.raises(ConnectionError):
        publishing().get(WAIT)


def test_a_promise_that_is_settled_after_close_stays_rejected(late: Lab) -> None:
    it = writer(late, close_timeout_ms=0).open()
    delivery = it.publish(b"")
    it.close()
    late.promises[0].fulfil("too late")

    with pytest.raises(ConnectionError):
        delivery.get(0)


def test_closing_in_a_handler_takes_effect_after_it_has_returned(late: Lab) -> None:
    it = writer(late).open()

    def handler(_: Any) -> bool:
        it.close()
        return "close" in late.calls

    delivery = it.publish(b"").then(handler)
    late.promises[0].fulfil(None)

    assert delivery.get(WAIT) is False
    it.open()
    it.close()
    assert 2 == late.calls.count("close")


def test_opening_again_in_the_handler_that_closed_is_refused(late: Lab) -> None:
    it = writer(late).open()

    def handler(_: Any) -> None:
        it.close()
        it.open()

    delivery = it.publish(b"").then(handler)
    late.promises[0].fulfil(None)

    with pytest.raises(SinetError):
        delivery.get(WAIT)


def test_waiting_in_a_handler_for_a_promise_of_the_same_writer_is_refused(late: Lab) -> None:
    with writer(late) as it:
        other = it.publish(b"")
        waiting = it.publish(b"").then(lambda _: other.get(WAIT))
        late.promises[1].fulfil(None)

        with pytest.raises(SinetError, match="never end"):
            waiting.get(WAIT)
        late.promises[0].fulfil(None)


class PlainPromises:
    """As the guide has it: a thread pool, and `Promise.cast`."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.sent: list[bytes] = []

    def open(self) -> None:
        self.pool = ThreadPoolExecutor()

    def close(self) -> None:
        self.pool.shutdown()

    def publish(self, message: bytes) -> Any:
        future: Future[Any] = self.pool.submit(self.send, message)
        return library.cast(future)

    def send(self, message: bytes) -> Any:
        if b"bad" in message:
            raise LabError("bad")
        self.sent.append(message)
        return len(message)


def test_promises_of_the_library_are_as_good_whatever_thread_settles_them(lab: Lab) -> None:
    lab.registered(async_writer=PlainPromises)
    size = len(encoded(b"x"))
    for _ in range(20):
        with writer(lab) as it:
            deliveries = [it.publish(b"x", 0) for _ in range(50)]

            assert [size] * 50 == [delivery.get(WAIT) for delivery in deliveries]


MANY = 10_000


def half_settled(lab: Lab, it: AsyncMessageWriter[Any], refused: frozenset[int] = frozenset()) -> list[Delivery[Any]]:
    """Deliveries of which the first half is complete, and the rest is about to be, in another thread."""
    deliveries = [it.publish(b"") for _ in range(MANY)]

    def settle(which: range) -> None:
        for i in which:
            if i in refused:
                lab.promises[i].fail(LabError("refused"))
            else:
                lab.promises[i].fulfil(i)

    settle(range(MANY // 2))
    deliveries[MANY // 2 - 1].get(WAIT)
    threading.Thread(target=settle, args=[range(MANY // 2, MANY)]).start()
    return deliveries


@pytest.mark.parametrize("kind", [library, Delivery])
@pytest.mark.parametrize("how", ["get", "then"])
def test_thousands_of_promises_are_gathered_while_they_end(late: Lab, kind: Any, how: str) -> None:
    got: list[Any] = []
    with writer(late) as it:
        deliveries = half_settled(late, it)
        every, by_name = kind.all(deliveries), kind.for_dict(dict(enumerate(deliveries)))
        if how == "get":
            got += [every.get(WAIT), by_name.get(WAIT)]
        else:
            every.then(got.append)
            every.then(lambda _: by_name.then(got.append))
            until(lambda: len(got) == 2)

    assert [list(range(MANY)), {i: i for i in range(MANY)}] == got


@pytest.mark.parametrize("kind", [library, Delivery])
@pytest.mark.parametrize("refused", [3, MANY - 1])
@pytest.mark.parametrize("how", ["get", "then"])
def test_of_thousands_one_rejected_rejects_all(late: Lab, kind: Any, refused: int, how: str) -> None:
    caught: list[Any] = []
    with writer(late) as it:
        deliveries = half_settled(late, it, frozenset([refused]))
        every, by_name = kind.all(deliveries), kind.for_dict(dict(enumerate(deliveries)))
        for gathered in (every, by_name):
            if how == "get":
                with pytest.raises(ConnectionError, match="refused") as info:
                    gathered.get(WAIT)
                caught.append(info.value)
            else:
                gathered.then(None, caught.append)
        until(lambda: len(caught) == 2)

    assert [ConnectionError] * 2 == [type(error) for error in caught]


def test_thousands_of_promises_are_resolved_each_to_itself(late: Lab) -> None:
    got: list[int] = []
    with writer(late) as it:
        deliveries = half_settled(late, it)
        resolved = [library.resolve(delivery) for delivery in deliveries]
        for promise_ in resolved:
            promise_.then(got.append)

        assert deliveries == resolved
        assert list(range(MANY)) == [promise_.get(WAIT) for promise_ in resolved]
        until(lambda: len(got) == MANY)
    assert set(range(MANY)) == set(got)


def test_the_library_gathers_our_promises(late: Lab) -> None:
    with writer(late) as it:
        both = library.all([it.publish(b""), it.publish(b"")])
        got: list[Any] = []
        both.then(got.append)
        for one in late.promises:
            one.fulfil("taken")
        until(lambda: got)

    assert [["taken", "taken"]] == got


def test_a_rejected_promise_of_the_library_is_translated(lab: Lab) -> None:
    lab.registered(async_writer=PlainPromises)
    with writer(lab) as it:
        with pytest.raises(SinetError, match="LabError: bad") as caught:
            it.publish(b"bad").get(WAIT)

        assert isinstance(caught.value.__cause__, LabError)


def test_several_threads_may_publish_at_once(lab: Lab) -> None:
    lab.registered(writer=lab.writer(SAFE))
    with writer(lab) as it, ThreadPoolExecutor(8) as pool:
        deliveries = list(pool.map(lambda i: it.publish(b"%d" % i), range(400)))

        assert set(range(1, 401)) == {delivery.get(WAIT) for delivery in deliveries}


def test_a_second_close_returns_when_the_first_has_closed(late: Lab) -> None:
    it, gate, closed = writer(late).open(), Gate(), threading.Event()

    def on_close() -> None:
        gate()
        closed.set()

    late.on_close = on_close
    first = in_thread(it.close)
    gate.wait_reached()
    closed_when_it_returned = []

    def close_too() -> None:
        it.close()
        closed_when_it_returned.append(closed.is_set())

    second = in_thread(close_too)
    gate.opened.set()
    second()
    first()

    assert [True] == closed_when_it_returned
