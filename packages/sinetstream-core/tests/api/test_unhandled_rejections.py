"""A rejected promise that nobody looks at is told in the log."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

import promise
import pytest
from sinetstream import AsyncMessageWriter, aio
from sinetstream.errors import ConnectionError, InvalidMessageError, PublishTimeoutError, SinetError
from sinetstream.spi import Delivery
from sinetstream.unhandled_rejections import UnhandledRejections

from .doubles import WAIT, Lab, LabError, in_thread, until

library: Any = promise.Promise
Look = Callable[[Delivery[Any]], object]


def writer(**kwargs: Any) -> AsyncMessageWriter[Any]:
    return AsyncMessageWriter(**{"type": "lab", "topic": "t", "no_config": True, **kwargs})


@pytest.fixture
def late(lab: Lab) -> Lab:
    """Its promises are settled by the test."""
    return lab.registered(async_writer=lab.async_writer(errors={LabError: ConnectionError}))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What a writer of this type has logged at ERROR."""
    return lambda: [
        record.getMessage()
        for record in caplog.records
        if (record.name, record.levelno) == ("sinetstream.lab", logging.ERROR)
    ]


async def awaited(delivery: Delivery[Any]) -> Any:
    return await delivery


def get(delivery: Delivery[Any]) -> None:
    with pytest.raises(SinetError):
        delivery.get(WAIT)


def wait_for(delivery: Delivery[Any]) -> None:
    with pytest.raises(SinetError):
        asyncio.run(asyncio.wait_for(awaited(delivery), WAIT))


LOOKS: list[Look] = [
    get,
    wait_for,
    lambda d: d.catch(lambda error: None),
    lambda d: d.then(print, lambda error: None),
    lambda d: d.then(print).catch(lambda error: None),
    lambda d: d.done(print, lambda error: None),
    lambda d: d.is_rejected,
    lambda d: d.held_error,
    lambda d: d.reason,
    lambda d: Delivery.all([d]).catch(lambda error: None),
    lambda d: library.all([d]).catch(lambda error: None),
    lambda d: library.resolve(None).then(lambda _: d).catch(lambda error: None),
]


def test_a_message_that_cannot_be_encoded_and_whose_promise_is_dropped_is_told_in_close(
    late: Lab, told: Callable[[], list[str]]
) -> None:
    with writer(value_type="json") as it:
        it.publish({"t": {1, 2}})

    (line,) = told()
    assert "writer of t: nobody has looked at 1 rejected promise " in line
    assert "InvalidMessageError" in line


@pytest.mark.parametrize("look", LOOKS)
def test_a_rejection_at_once_that_somebody_looks_at_is_not_told(
    late: Lab, told: Callable[[], list[str]], look: Look
) -> None:
    with writer(value_type="json") as it:
        look(it.publish({"t": {1, 2}}))

    assert [] == told()


@pytest.mark.parametrize("look", LOOKS)
def test_a_later_rejection_that_somebody_looks_at_is_not_told(
    late: Lab, told: Callable[[], list[str]], look: Look
) -> None:
    with writer() as it:
        delivery, last = it.publish(b""), it.publish(b"")
        looked = in_thread(partial(look, delivery))
        if look in LOOKS[:2]:
            until(lambda: len(delivery._todo or ()) > 1)  # it waits
        else:
            looked()
        late.promises[0].fail(LabError("no"))
        late.promises[1].fulfil(None)
        last.get(WAIT)
        if look in LOOKS[:2]:
            looked()
        if look in LOOKS[6:9]:  # these look at what there is
            look(delivery)

    assert [] == told()


def test_a_look_after_the_rejection_was_completed_is_in_time_until_close(
    late: Lab, told: Callable[[], list[str]]
) -> None:
    with writer() as it:
        deliveries = [it.publish(b"") for _ in LOOKS]
        for settled in late.promises:
            settled.fail(LabError("no"))
        until(lambda: all(not delivery.is_pending for delivery in deliveries))
        for look, delivery in zip(LOOKS, deliveries, strict=True):
            look(delivery)

    assert [] == told()


def test_promises_that_the_application_still_holds_are_told_in_close(late: Lab, told: Callable[[], list[str]]) -> None:
    it = writer(close_timeout_ms=0).open()
    deliveries = [it.publish(b"") for _ in range(3)]
    it.close()

    (line,) = told()
    assert "3 rejected promises" in line
    assert "ConnectionError: the writer was closed" in line
    assert all(delivery.is_rejected for delivery in deliveries)


def test_then_passes_a_rejection_on_to_its_child(late: Lab, told: Callable[[], list[str]]) -> None:
    with writer(value_type="json") as it:
        it.publish({"t": {1, 2}}).then(print)
        it.publish(0).then(print).then(print)
        late.promises[0].fail(LabError("no"))

    (line,) = told()
    assert "2 rejected promises" in line


def test_what_a_handler_raises_is_a_rejection_too(late: Lab, told: Callable[[], list[str]]) -> None:
    def handler(_: Any) -> None:
        raise KeyError("a bug")

    with writer() as it:
        it.publish(b"").then(handler)
        late.promises[0].fulfil(None)

    (line,) = told()
    assert "1 rejected promise " in line
    assert "KeyError: 'a bug'" in line


@pytest.mark.parametrize("gather", [Delivery.all, library.all])
def test_gathering_passes_a_rejection_on(late: Lab, told: Callable[[], list[str]], gather: Any) -> None:
    with writer() as it:
        gather([it.publish(b""), it.publish(b"")])
        late.promises[0].fail(LabError("no"))
        late.promises[1].fulfil(None)

    (line,) = told()
    assert "1 rejected promise " in line


def test_a_get_that_gave_up_has_looked(late: Lab, told: Callable[[], list[str]]) -> None:
    with writer() as it:
        with pytest.raises(PublishTimeoutError):
            it.publish(b"").get(0)
        late.promises[0].fail(LabError("no"))

    assert [] == told()


def test_fulfilled_promises_are_not_told(late: Lab, told: Callable[[], list[str]]) -> None:
    with writer() as it:
        it.publish(b"").then(print)
        late.promises[0].fulfil(None)

    assert [] == told()


def test_while_the_writer_is_open_those_that_were_dropped_are_told_in_one_line(
    late: Lab, told: Callable[[], list[str]]
) -> None:
    with writer(value_type="json") as it:
        held = it.publish({"held": {1}})
        for _ in range(20):
            it.publish({"t": {1, 2}})
        it.publish(0)
        late.promises.pop().fail(LabError("no"))
        until(told)
        lines = told()
        it.publish({"t": {1, 2}})  # within the same minute
        get(held)

    assert "21 rejected promises" in lines[0]
    assert "InvalidMessageError" in lines[0]
    assert ["1 rejected promise " in line for line in told()] == [False, True]


def test_a_writer_may_be_closed_while_a_lock_of_logging_is_held(late: Lab, told: Callable[[], list[str]]) -> None:
    """As `logging.shutdown` closes a handler that publishes."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            asked.set()

    handler, asked = Handler(), threading.Event()
    log = logging.getLogger("sinetstream.lab")
    log.addHandler(handler)
    try:
        it = writer(value_type="json").open()
        handler.acquire()
        it.publish({"t": {1, 2}})
        until(lambda: any(thread.name == "sinetstream-log" for thread in threading.enumerate()))
        it.close()
        handler.release()
        assert asked.wait(WAIT)
    finally:
        log.removeHandler(handler)


def test_a_promise_that_is_collected_does_not_wait_for_a_lock_of_logging(
    late: Lab, told: Callable[[], list[str]]
) -> None:
    handler, log = logging.StreamHandler(StringIO()), logging.getLogger("sinetstream.lab")
    log.addHandler(handler)
    try:
        with writer(value_type="json") as it:
            cycle: list[Any] = [it.publish({"t": {1, 2}})]
            cycle.append(cycle)
            handler.acquire()
            del cycle
            in_thread(gc.collect)()
            handler.release()
    finally:
        log.removeHandler(handler)

    assert 1 == len(told())


# -- asyncio: what is awaited raises


def test_in_asyncio_what_publish_raised_is_not_told(late: Lab, told: Callable[[], list[str]]) -> None:
    async def main() -> None:
        async with aio.MessageWriter[Any](type="lab", topic="t", no_config=True) as it:
            with pytest.raises(InvalidMessageError):
                await it.publish("no bytes")
            publishing = asyncio.create_task(it.publish(b""))
            await asyncio.to_thread(until, lambda: late.promises)
            late.promises[0].fail(LabError("no"))
            with pytest.raises(ConnectionError):
                await publishing

    asyncio.run(main())
    assert [] == told()


def test_in_asyncio_what_nobody_awaits_any_longer_is_told(late: Lab, told: Callable[[], list[str]]) -> None:
    async def main() -> None:
        async with aio.MessageWriter[Any](type="lab", topic="t", no_config=True) as it:
            publishing = asyncio.create_task(it.publish_many([b"", b"", b""]))
            await asyncio.to_thread(until, lambda: len(late.promises) == 3)
            publishing.cancel()
            await asyncio.wait([publishing])
            for settled in late.promises:
                settled.fail(LabError("no"))

    asyncio.run(main())
    (line,) = told()
    assert "2 rejected promises" in line  # one was awaited when it was cancelled


def test_in_asyncio_a_task_that_nobody_awaits_is_told_by_asyncio(
    late: Lab, told: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with aio.MessageWriter[Any](type="lab", topic="t", no_config=True) as it:
            publishing = asyncio.create_task(it.publish("no bytes"))
            await asyncio.wait([publishing])
            del publishing
            gc.collect()

    asyncio.run(main())
    assert [] == told()
    assert ["asyncio"] == [record.name for record in caplog.records if "never retrieved" in record.getMessage()]


# -- the line itself


class Log(logging.Logger):
    def __init__(self) -> None:
        super().__init__("log")
        self.lines: list[str] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_the_next_line_is_due_a_minute_after_the_last() -> None:
    log, woken = Log(), list[None]()
    rejections = UnhandledRejections(log, "writer of t", lambda: woken.append(None))
    dues = []
    for _ in range(2):
        for _ in range(3):
            delivery = Delivery[Any]()
            rejections.add(delivery, KeyError("x"))
            del delivery
        dues.append(rejections.due_in())
        rejections.tell()
    until(lambda: len(log.lines) == 2)

    assert 0 < (dues[0] or 0) <= 1
    assert 55 < (dues[1] or 0) <= 60
    assert rejections.due_in() is None
    assert 2 == len(woken)
    assert ["3 rejected promises" in line for line in log.lines] == [True, True]


def test_an_error_that_cannot_be_printed_is_told_by_its_class() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError

    log = Log()
    rejections = UnhandledRejections(log, "writer of t", lambda: None)
    delivery = Delivery[Any]()
    rejections.add(delivery, MuteError())
    rejections.tell_all()
    rejections.tell_all()

    assert ["MuteError" in line for line in log.lines] == [True]
