"""A publish whose wait timed out keeps its bytes until it is settled."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sinetstream.errors import PublishTimeoutError
from sinetstream.spi import ByteBudget, Delivery, WriterFromAsyncWriter
from sinetstream.spi.timed_out_publishes import give_back_when_settled

WAIT_MS = 10_000


class Promising:
    """A plugin that settles nothing by itself."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.promises: list[Delivery[Any]] = []

    def publish(self, message: bytes) -> Delivery[Any]:
        self.promises.append(Delivery())
        return self.promises[-1]


class Writer(WriterFromAsyncWriter):
    source = Promising


def writer_with_timed_out(size: int, publish_timeout_ms: float, max_pending_bytes: int = 10) -> tuple[Writer, Any]:
    writer = Writer({"publish_timeout_ms": 1, "max_pending_bytes": max_pending_bytes})
    with pytest.raises(PublishTimeoutError) as caught:
        writer.publish(bytes(size))
    assert "unknown" == caught.value.outcome
    again = Writer({"publish_timeout_ms": publish_timeout_ms, "max_pending_bytes": max_pending_bytes})
    again.inner, again.budget = writer.inner, writer.budget
    return again, writer.inner.promises[0]


def test_what_is_settled_one_way_or_the_other_gives_its_bytes_back() -> None:
    budget, first, second = ByteBudget(100), Delivery[Any](), Delivery[Any]()
    for delivery, size in ((first, 1), (second, 10)):
        budget.overdraw(size)
        give_back_when_settled(budget, size, delivery)

    first.fulfil(None)
    assert 10 == budget.taken
    second.fail(OSError())

    assert 0 == budget.taken


def test_the_next_publish_waits_for_room() -> None:
    writer, timed_out = writer_with_timed_out(8, WAIT_MS)
    threading.Timer(0.05, timed_out.fulfil, (None,)).start()
    threading.Timer(0.1, lambda: writer.inner.promises[1].fulfil("confirmed")).start()

    assert "confirmed" == writer.publish(bytes(5))
    assert 0 == writer.budget.taken


def test_it_gives_up_in_time_and_says_that_nothing_was_sent() -> None:
    writer, _ = writer_with_timed_out(8, 20)

    with pytest.raises(PublishTimeoutError, match="no room for 5 bytes; this was not sent") as caught:
        writer.publish(bytes(5))

    assert ("not_sent", 5, 10) == (caught.value.outcome, caught.value.size, caught.value.limit)
    assert 1 == len(writer.inner.promises)


def test_what_is_larger_than_the_limit_goes_alone() -> None:
    writer, timed_out = writer_with_timed_out(8, WAIT_MS)
    threading.Timer(0.05, timed_out.fulfil, (None,)).start()
    threading.Timer(0.1, lambda: writer.inner.promises[1].fulfil("confirmed")).start()

    assert "confirmed" == writer.publish(bytes(100))


def test_a_publish_without_room_that_times_out_as_well_keeps_its_bytes() -> None:
    writer, timed_out = writer_with_timed_out(4, 20)

    with pytest.raises(PublishTimeoutError, match="not confirmed"):
        writer.publish(bytes(5))
    assert 9 == writer.budget.taken
    timed_out.fulfil(None)
    writer.inner.promises[1].fail(OSError())

    assert 0 == writer.budget.taken
