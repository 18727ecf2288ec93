"""`aio.MessageReader`: messages in an event loop that is never blocked."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

import pytest
from sinetstream.aio import MessageReader
from sinetstream.errors import BusyError, InvalidMessageError, NotOpenError, SinetError, UnsupportedOperationError
from sinetstream.spi import Ability

from .doubles import INVALID, NONE, SAFE, WAIT, Lab, LabError, in_thread, raising, raising_once, until

ENDS_MS = 200


def reader(lab: Lab, **kwargs: Any) -> MessageReader[bytes]:
    return MessageReader(**{"type": "lab", "topics": "t", "no_config": True, "receive_timeout_ms": math.inf, **kwargs})


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(main(), 2 * WAIT))


KINDS: dict[str, Callable[[Lab], dict[str, type[Any]]]] = {
    "reader": lambda lab: {"reader": lab.reader()},
    "async reader": lambda lab: {"async_reader": lab.async_reader()},
    "reader without acknowledge": lambda lab: {"reader": lab.reader(NONE)},
    "old reader": lambda lab: {"reader": lab.reader(None)},
    "old async reader": lambda lab: {"async_reader": lab.async_reader(None)},
}


@pytest.fixture(params=["reader", "async reader", "reader without acknowledge", "old reader", "old async reader"])
def lab5(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    return lab.registered(**KINDS[request.param](lab))


@pytest.fixture(params=["reader", "async reader", "reader without acknowledge"])
def lab3(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    return lab.registered(**KINDS[request.param](lab))


@pytest.fixture
def safe(lab: Lab) -> Lab:
    return lab.registered(reader=lab.reader())


class Beats:
    """Counts how often a task of the running loop had its turn."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _beat(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0.001)

    def wait_for_some(self) -> None:
        """To be called outside the loop: fails where the loop is blocked meanwhile."""
        wanted = self.count + 5
        until(lambda: self.count >= wanted)


def test_messages_come_in_order_and_the_loop_ends_after_the_timeout(lab5: Lab) -> None:
    async def main() -> list[bytes]:
        async with reader(lab5, receive_timeout_ms=ENDS_MS) as it:
            lab5.arrive(*(b"%d" % i for i in range(200)))
            return [message.value async for message in it]

    assert [b"%d" % i for i in range(200)] == run(main)


def test_a_loop_can_be_run_again_after_the_timeout(lab5: Lab) -> None:
    async def main() -> None:
        async with reader(lab5, receive_timeout_ms=ENDS_MS) as it:
            assert [] == [message async for message in it]
            lab5.arrive(b"late")
            assert [b"late"] == [message.value async for message in it]
            assert 0 == it.metrics.error_count_total

    run(main)


def test_leaving_a_loop_loses_nothing(lab3: Lab) -> None:
    async def main() -> None:
        lab3.arrive(b"1", b"2", b"3")
        got = []
        async with reader(lab3, receive_timeout_ms=ENDS_MS) as it:
            async for message in it:
                got.append(message.value)
                break
            got += [message.value async for message in it]
        assert [b"1", b"2", b"3"] == got

    run(main)


def test_a_burst_is_no_end(safe: Lab) -> None:
    async def main() -> None:
        async with reader(safe) as it:
            for round_ in range(200):
                safe.arrive(*[b"%d" % round_] * (1 + round_ % 3))
                for _ in range(1 + round_ % 3):
                    assert b"%d" % round_ == (await anext(it)).value

    run(main)


def test_a_wake_up_for_a_message_that_was_taken_already_is_no_end(safe: Lab) -> None:
    async def main() -> None:
        async with reader(safe) as it:
            waiting = asyncio.create_task(anext(it))
            await asyncio.sleep(0)
            until(lambda: it._queue._waiter)
            it._queue._wake()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not waiting.done()
            safe.arrive(b"1")
            assert b"1" == (await waiting).value

    run(main)


def test_a_cancelled_anext_hands_its_message_to_the_next_call(lab5: Lab) -> None:
    async def main() -> None:
        async with reader(lab5) as it:
            for _ in range(3):
                waiting = asyncio.create_task(anext(it))
                await asyncio.sleep(0.001)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            lab5.arrive(b"1", b"2")
            assert [b"1", b"2"] == [(await anext(it)).value, (await anext(it)).value]

    run(main)


def test_cancelling_at_the_moment_of_arrival_loses_nothing(safe: Lab) -> None:
    async def main() -> None:
        async with reader(safe) as it:
            got: list[bytes] = []
            for i in range(100):
                waiting = asyncio.create_task(anext(it))
                await asyncio.sleep(0)
                safe.arrive(b"%d" % i)
                if i % 2:
                    until(lambda: it._queue._received)
                waiting.cancel()
                try:
                    got.append((await waiting).value)
                except asyncio.CancelledError:
                    got.append((await anext(it)).value)
            assert [b"%d" % i for i in range(100)] == got

    run(main)


def test_bytes_that_are_no_message_raise_in_their_turn_and_the_next_call_goes_on(lab5: Lab) -> None:
    async def main() -> None:
        lab5.arrive(b"1")
        lab5.arrive_raw(INVALID)
        lab5.arrive(b"3")
        async with reader(lab5) as it:
            assert b"1" == (await anext(it)).value
            with pytest.raises(InvalidMessageError):
                await anext(it)
            assert b"3" == (await anext(it)).value
            assert (2, 1) == (it.metrics.msg_count_total, it.metrics.error_count_total)

    run(main)


def test_skip_leaves_invalid_messages_out(lab3: Lab) -> None:
    async def main() -> None:
        lab3.arrive_raw(INVALID)
        lab3.arrive(b"2")
        async with reader(lab3, on_invalid="skip", receive_timeout_ms=ENDS_MS) as it:
            assert [b"2"] == [message.value async for message in it]
            assert 1 == it.metrics.error_count_total

    run(main)


def test_on_invalid_is_called_in_the_loop_and_what_it_raises_is_raised(safe: Lab) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        def on_invalid(payload: bytes, topic: str, raw: Any, error: Exception) -> None:
            assert asyncio.get_running_loop() is loop
            assert (INVALID, "topic-of-lab", 1) == (payload, topic, raw)
            raise ZeroDivisionError from error

        safe.arrive_raw(INVALID)
        safe.arrive(b"2")
        async with reader(safe, on_invalid=on_invalid) as it:
            with pytest.raises(ZeroDivisionError):
                await anext(it)
            assert b"2" == (await anext(it)).value

    run(main)


def test_what_reading_raises_is_translated_and_the_next_call_goes_on(lab5: Lab) -> None:
    async def main() -> None:
        lab5.arrive(b"1", LabError("hiccup"), b"2")
        async with reader(lab5) as it:
            await anext(it)
            with pytest.raises(SinetError, match="LabError: hiccup") as caught:
                await anext(it)
            assert isinstance(caught.value.__cause__, LabError)
            assert b"2" == (await anext(it)).value
            assert 1 == it.metrics.error_count_total

    run(main)


def test_a_second_task_is_refused_while_one_reads(safe: Lab) -> None:
    async def main() -> None:
        async with reader(safe) as it:
            waiting = asyncio.create_task(anext(it))
            await asyncio.sleep(0)
            with pytest.raises(BusyError):
                await anext(it)
            safe.arrive(b"1")
            assert b"1" == (await waiting).value

    run(main)


def test_closing_in_another_task_ends_the_loop(lab3: Lab) -> None:
    async def main() -> None:
        it = await reader(lab3).open()

        async def loop() -> list[bytes]:
            return [message.value async for message in it]

        lab3.arrive(b"1")
        looping = asyncio.create_task(loop())
        await asyncio.to_thread(until, lambda: it.metrics.msg_count_total and not it._queue._received)
        await it.close()
        assert [b"1"] == await looping

    run(main)


def test_a_waiting_anext_says_that_the_reader_was_closed(safe: Lab) -> None:
    async def main() -> None:
        it = await reader(safe).open()
        waiting = asyncio.create_task(anext(it))
        await asyncio.sleep(0)
        await it.close()
        with pytest.raises(NotOpenError):
            await waiting

    run(main)


def test_a_message_is_finished_when_the_next_is_asked_for_or_the_block_ends(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1", b"2", b"3")
        async with reader(safe, consistency="AT_LEAST_ONCE") as it:
            await anext(it)
            assert [] == safe.acknowledged
            await anext(it)
            assert [1] == safe.acknowledged

    run(main)
    assert [1, 2] == safe.acknowledged


def test_a_message_is_not_finished_when_an_exception_leaves_the_block(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1", b"2")
        async with reader(safe, consistency="AT_LEAST_ONCE") as it:
            await anext(it)
            await anext(it)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)
    assert [1] == safe.acknowledged


def test_a_message_is_not_finished_when_the_task_is_cancelled(safe: Lab) -> None:
    async def work() -> None:
        async with reader(safe, consistency="AT_LEAST_ONCE") as it:
            async for _ in it:
                reached.set()
                await asyncio.Event().wait()

    async def main() -> None:
        safe.arrive(b"1", b"2")
        task = asyncio.create_task(work())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    reached = asyncio.Event()
    run(main)
    assert [] == safe.acknowledged
    assert "close" == safe.calls[-1]


def test_a_message_is_not_finished_when_another_task_closes(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1")
        it = await reader(safe, consistency="AT_LEAST_ONCE").open()
        await anext(it)
        await asyncio.create_task(it.close())

    run(main)
    assert [] == safe.acknowledged


def test_at_most_once_acknowledges_each_before_it_is_handed_out(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1", b"2", b"3")
        async with reader(safe) as it:
            await anext(it)
            assert [1] == safe.acknowledged
            await anext(it)
            assert [1, 2] == safe.acknowledged

    run(main)
    assert [1, 2] == safe.acknowledged


def test_an_invalid_message_is_finished_when_the_next_is_asked_for(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive_raw(INVALID)
        safe.arrive(b"2")
        async with reader(safe, consistency="AT_LEAST_ONCE") as it:
            with pytest.raises(InvalidMessageError):
                await anext(it)
            assert [] == safe.acknowledged
            await anext(it)
            assert [1] == safe.acknowledged

    run(main)


def test_what_acknowledging_raises_is_translated(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1", b"2")
        safe.on_acknowledge = raising_once(LabError("lost"))
        async with reader(safe, consistency="AT_LEAST_ONCE") as it:
            await anext(it)
            with pytest.raises(SinetError, match="LabError: lost"):
                await anext(it)
            assert b"2" == (await anext(it)).value

    run(main)


def test_a_plugin_that_fails_to_acknowledge_in_close_is_closed_all_the_same(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1")
        it = await reader(safe, consistency="AT_LEAST_ONCE").open()
        await anext(it)
        safe.on_acknowledge = raising(LabError("lost"))
        with pytest.raises(SinetError, match="LabError: lost"):
            await it.close()

    run(main)
    assert "close" == safe.calls[-1]


def test_what_is_received_ahead_is_bounded(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(*[b""] * 500)
        async with reader(safe) as it:
            for i in range(1, 4):
                await anext(it)
                await asyncio.to_thread(until, lambda: safe.taken == i + 64)  # noqa: B023  it ends within the round

    run(main)
    assert 67 == safe.taken


def test_without_acknowledge_nothing_is_taken_that_nobody_asked_for(lab: Lab) -> None:
    async def main() -> int:
        lab.arrive(*[b""] * 10)
        async with reader(lab) as it:
            for _ in range(3):
                await anext(it)
            await asyncio.sleep(0.05)
            return 10 - len(lab.incoming)

    lab.registered(reader=lab.reader(NONE))
    assert 3 == run(main)


def test_a_fast_sender_does_not_keep_other_tasks_waiting(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(*[b""] * 5000)
        async with reader(safe) as it, Beats() as beats:
            for _ in range(5000):
                await anext(it)
        assert beats.count >= 10

    run(main)


def test_the_loop_is_not_blocked_while_a_plugin_opens_and_closes(lab5: Lab) -> None:
    async def main() -> None:
        async with Beats() as beats:
            lab5.on_open = lab5.on_close = beats.wait_for_some
            async with reader(lab5):
                pass

    run(main)


def test_a_timeout_of_zero_ends_soon_and_hands_out_what_is_there(safe: Lab) -> None:
    async def main() -> None:
        async with reader(safe, receive_timeout_ms=0) as it:
            began = time.monotonic()
            assert [] == [message async for message in it]
            assert time.monotonic() - began < 1
            safe.arrive(b"1", b"2")
            assert [b"1", b"2"] == [message.value async for message in it]

    run(main)


def test_a_seek_forgets_what_was_received_ahead_and_nothing_after_it(lab: Lab) -> None:
    class Seeking(lab.reader(SAFE | {Ability.SEEK, Ability.SEEK_TIME})):  # type: ignore[misc]  # made to measure
        def seek_to_beginning(self) -> None:
            before = lab.taken
            lab.arrive(b"first", *(b"%d" % i for i in range(100)))
            until(lambda: lab.taken > before)

    async def main() -> None:
        async with reader(lab) as it:
            for _ in range(3):
                lab.arrive(*[b"old"] * 10)
                await anext(it)
                await asyncio.to_thread(until, lambda: len(it._queue._received) == 9)
                await it.seek_to_beginning()
                expected = [b"first", *(b"%d" % i for i in range(100))]
                assert expected == [(await anext(it)).value for _ in range(101)]
            await it.seek_to_time(1)

    lab.registered(reader=Seeking)
    run(main)
    assert "seek_to_time 1000000" in lab.calls


def test_a_seek_where_nothing_is_received_ahead_goes_on_too(lab: Lab) -> None:
    async def main() -> None:
        async with reader(lab, receive_timeout_ms=ENDS_MS) as it:
            assert [] == [message async for message in it]
            lab.arrive(b"old")
            await asyncio.to_thread(until, lambda: it._queue._received)
            await it.seek_to_end()
            lab.arrive(b"new")
            assert [b"new"] == [message.value async for message in it]

    lab.registered(reader=lab.reader(frozenset((Ability.SEEK,))))
    run(main)


@pytest.mark.parametrize("fails", [False, True])
def test_a_seek_that_is_cancelled_finds_out_whether_it_has_moved(lab: Lab, *, fails: bool) -> None:
    called, may_go_on = threading.Event(), threading.Event()

    class Slow(lab.reader(SAFE | {Ability.SEEK})):  # type: ignore[misc]  # made to measure
        def seek_to_end(self) -> None:
            called.set()
            assert may_go_on.wait(WAIT)
            if fails:
                raise LabError("no answer")

    async def main() -> None:
        async with reader(lab, receive_timeout_ms=ENDS_MS) as it:
            lab.arrive(b"1", b"2")
            await asyncio.to_thread(until, lambda: len(it._queue._received) == 2)
            seek = asyncio.create_task(it.seek_to_end())
            await asyncio.to_thread(called.wait, WAIT)
            seek.cancel()
            await asyncio.sleep(0.02)
            assert not seek.done()
            may_go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await seek
            assert ([b"1", b"2"] if fails else []) == [message.value async for message in it]

    lab.registered(reader=Slow)
    run(main)


def test_a_seek_that_is_refused_forgets_nothing(safe: Lab) -> None:
    async def main() -> None:
        safe.arrive(b"1", b"2", b"3")
        async with reader(safe, consistency="AT_LEAST_ONCE", receive_timeout_ms=ENDS_MS) as it:
            await anext(it)
            for seek in (it.seek_to_beginning(), it.seek_to_end(), it.seek_to_time(0)):
                with pytest.raises(UnsupportedOperationError):
                    await seek
            assert [] == safe.acknowledged
            assert [b"2", b"3"] == [message.value async for message in it]

    run(main)


def test_a_seek_says_that_the_reader_is_not_open(lab: Lab) -> None:
    async def main() -> None:
        it = reader(lab)
        with pytest.raises(NotOpenError):
            await it.seek_to_end()
        async with it:
            pass
        with pytest.raises(NotOpenError):
            await it.seek_to_end()

    lab.registered(reader=lab.reader(SAFE | {Ability.SEEK}))
    run(main)


def test_a_seek_that_fails_forgets_nothing(lab: Lab) -> None:
    class Stuck(lab.reader(SAFE | {Ability.SEEK})):  # type: ignore[misc]  # made to measure
        def seek_to_end(self) -> None:
            raise LabError("stuck")

    async def main() -> None:
        lab.arrive(b"1", b"2", b"3")
        async with reader(lab, receive_timeout_ms=ENDS_MS) as it:
            await anext(it)
            with pytest.raises(SinetError, match="LabError: stuck"):
                await it.seek_to_end()
            assert [b"2", b"3"] == [message.value async for message in it]

    lab.registered(reader=Stuck)
    run(main)


def test_a_closed_event_loop_leaves_no_thread(safe: Lab) -> None:
    it = reader(safe)

    async def main() -> None:
        await it.open()

    run(main)
    safe.arrive(b"1")
    in_thread(lambda: asyncio.run(it.close()))()
    assert "close" == safe.calls[-1]
