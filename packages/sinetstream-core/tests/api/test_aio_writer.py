"""`aio.MessageWriter`: awaits what is final, in an event loop that is never blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sinetstream import SINETStreamMessageDecoder
from sinetstream.aio import MessageWriter
from sinetstream.errors import (
    BufferFullError,
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    UnsupportedOperationError,
)
from sinetstream.spi import Ability

from .doubles import SAFE, WAIT, Lab, LabError, encoded, until
from .test_aio_reader import Beats
from .test_promises import PlainPromises

decoder: SINETStreamMessageDecoder[bytes] = SINETStreamMessageDecoder(no_config=True)
SIZE = len(encoded(b"x"))


def writer(lab: Lab, **kwargs: Any) -> MessageWriter[Any]:
    return MessageWriter(**{"type": "lab", "topic": "t", "no_config": True, **kwargs})


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(main(), 2 * WAIT))


@pytest.fixture
def late(lab: Lab) -> Lab:
    return lab.registered(async_writer=lab.async_writer(errors={LabError: ConnectionError}))


async def sent(lab: Lab, count: int) -> None:
    await asyncio.to_thread(until, lambda: len(lab.promises) == count)


def test_publish_gives_what_the_plugin_gives(late: Lab) -> None:
    async def main() -> None:
        async with writer(late) as it:
            publishing = asyncio.create_task(it.publish(b"a", 1.5))
            await sent(late, 1)
            assert not publishing.done()
            late.promises[0].fulfil("taken")
            assert "taken" == await publishing
            assert 1 == it.metrics.msg_count_total

    run(main)
    assert 1_500_000 == decoder.decode(late.published[0]).timestamp_us


def test_over_a_waiting_writer_and_over_plain_promises_it_is_the_same(lab: Lab) -> None:
    async def main() -> None:
        async with writer(lab) as it:
            assert SIZE == len(encoded(b"x"))
            results = await asyncio.gather(*(it.publish(b"x", 0) for _ in range(100)))
            assert 100 == len(results)

    for classes in ({"writer": lab.writer()}, {"async_writer": PlainPromises}):
        lab.registered(**classes)
        run(main)
        lab.undo()
    assert 100 == len(lab.published)


def test_order_is_that_of_the_calls(late: Lab) -> None:
    async def main() -> None:
        async with writer(late) as it:
            values = [b"x" * (100_000 if i % 2 else 1) + b"%d" % i for i in range(10)]
            tasks = [asyncio.create_task(it.publish(value)) for value in values]
            await sent(late, 10)
            assert values == [decoder.decode(message).value for message in late.published]
            for promise in late.promises:
                promise.fulfil(None)
            await asyncio.gather(*tasks)

    run(main)


def test_a_failure_is_raised_translated(late: Lab) -> None:
    async def main() -> None:
        async with writer(late) as it:
            publishing = asyncio.create_task(it.publish(b"a"))
            await sent(late, 1)
            late.promises[0].fail(LabError("gone"))
            with pytest.raises(ConnectionError, match="LabError: gone") as caught:
                await publishing
            assert isinstance(caught.value.__cause__, LabError)
            assert 1 == it.metrics.error_count_total

    run(main)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"value": "not bytes"}, InvalidMessageError),
        ({"value": b"", "timestamp": "soon"}, InvalidArgumentError),
        ({"value": b"", "timestamp": 10**5000}, InvalidArgumentError),
        ({"value": b"", "key": b"k"}, UnsupportedOperationError),
        ({"value": b"", "headers": {}}, UnsupportedOperationError),
        ({"value": b"x" * 2000}, BufferFullError),
    ],
)
def test_what_cannot_be_sent_is_raised_and_counted(late: Lab, arguments: Any, error: type[Exception]) -> None:
    async def main() -> None:
        async with writer(late, max_pending_bytes=1000) as it:
            with pytest.raises(error):
                await it.publish(**arguments)
            assert ([], 1) == (late.published, it.metrics.error_count_total)

    run(main)


def test_publish_waits_for_room(late: Lab) -> None:
    async def main() -> None:
        async with writer(late, max_pending_bytes=2 * SIZE) as it:
            tasks = [asyncio.create_task(it.publish(b"x", 0)) for _ in range(4)]
            await sent(late, 2)
            await asyncio.sleep(0.01)
            assert 2 == len(late.promises)
            late.promises[1].fulfil(None)
            await sent(late, 3)
            late.promises[0].fulfil(None)
            await sent(late, 4)
            for promise in late.promises:
                promise.fulfil(None)
            await asyncio.gather(*tasks)

    run(main)


def test_cancelled_while_it_waits_for_room_it_sends_nothing_and_takes_none(late: Lab) -> None:
    async def main() -> None:
        async with writer(late, max_pending_bytes=SIZE) as it:
            first = asyncio.create_task(it.publish(b"1", 0))
            await sent(late, 1)
            cancelled = [asyncio.create_task(it.publish(b"2", 0)) for _ in range(3)]
            await asyncio.sleep(0.01)
            for task in cancelled:
                task.cancel()
            await asyncio.wait(cancelled)
            assert all(task.cancelled() for task in cancelled)
            late.promises[0].fulfil(None)
            await first
            last = asyncio.create_task(it.publish(b"3", 0))
            await sent(late, 2)
            late.promises[1].fulfil(None)
            await last

    run(main)
    assert [b"1", b"3"] == [decoder.decode(message).value for message in late.published]


def test_cancelling_at_the_moment_room_comes_free_leaks_none(late: Lab) -> None:
    async def main() -> None:
        async with writer(late, max_pending_bytes=SIZE) as it:
            for i in range(50):
                count = len(late.promises)
                first = asyncio.create_task(it.publish(b"x", 0))
                await sent(late, count + 1)
                second = asyncio.create_task(it.publish(b"x", 0))
                await asyncio.sleep(0)
                late.promises[count].fulfil(None)
                if i % 2:
                    until(lambda: first_done(late, count))  # noqa: B023  it ends within the round
                second.cancel()
                await first
                await asyncio.wait([second])
                for promise in late.promises:
                    promise.fulfil(None)
            assert it._pending is not None
            await asyncio.to_thread(until, lambda: it._pending is not None and it._pending.budget.taken == 0)

    def first_done(lab: Lab, index: int) -> bool:
        return not lab.promises[index].is_pending

    run(main)


def test_a_cancelled_publish_that_was_sent_leaves_the_others_alone(late: Lab) -> None:
    async def main() -> None:
        async with writer(late) as it:
            first, second = (asyncio.create_task(it.publish(b"x")) for _ in range(2))
            await sent(late, 2)
            first.cancel()
            for promise in late.promises:
                promise.fulfil("taken")
            assert "taken" == await second
            with pytest.raises(asyncio.CancelledError):
                await first

    run(main)


def test_who_waits_for_room_is_told_of_a_close(late: Lab) -> None:
    async def main() -> None:
        it = await writer(late, max_pending_bytes=SIZE, close_timeout_ms=0).open()
        tasks = [asyncio.create_task(it.publish(b"x", 0)) for _ in range(3)]
        await sent(late, 1)
        await it.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [ConnectionError] * 3 == [type(outcome) for outcome in outcomes]

    run(main)
    assert 1 == len(late.published)


def test_key_headers_and_time_reach_a_plugin_that_declares_them(lab: Lab) -> None:
    async def main() -> None:
        async with writer(lab) as it:
            await it.publish(b"", 1, key="k", headers={"a": b"b"})

    lab.registered(writer=lab.writer(SAFE | {Ability.KEY, Ability.HEADERS, Ability.TIMESTAMP}))
    run(main)
    assert [{"key": b"k", "headers": {"a": b"b"}, "timestamp_us": 1_000_000}] == lab.attributes


def test_the_loop_is_not_blocked_while_a_plugin_opens_publishes_and_closes(lab: Lab) -> None:
    async def main() -> None:
        async with Beats() as beats:
            lab.on_open = lab.on_publish = lab.on_close = beats.wait_for_some
            async with writer(lab) as it:
                await it.publish(b"x")

    lab.registered(writer=lab.writer())
    run(main)
    assert 1 == len(lab.published)


def test_the_loop_is_not_blocked_while_close_waits_for_what_is_pending(late: Lab) -> None:
    async def main() -> None:
        async with Beats() as beats:
            it = await writer(late).open()
            publishing = asyncio.create_task(it.publish(b"x"))
            await sent(late, 1)
            closing = asyncio.create_task(it.close())
            await asyncio.to_thread(beats.wait_for_some)
            assert not closing.done()
            late.promises[0].fulfil("taken")
            await closing
            assert "taken" == await publishing

    run(main)


def test_serializing_something_large_does_not_block_the_loop(lab: Lab) -> None:
    class Large(bytes):
        nbytes = 1_000_000

    async def main() -> None:
        async with Beats() as beats:

            def serialize(value: bytes) -> bytes:
                beats.wait_for_some()
                return value

            async with writer(lab, value_serializer=serialize) as it:
                await it.publish(Large(1_000_000))

    lab.registered(writer=lab.writer())
    run(main)
