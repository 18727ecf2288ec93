"""Checks asyncio: cancellation loses nothing, writing waits for room, the event loop is not blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sinetstream.testing.area import Area, always
from sinetstream.testing.received import check_nothing_lost, check_nothing_twice
from sinetstream.testing.streams import receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Asyncio"]

R = TypeVar("R")

_TICK_S = 0.01
_LONGEST_GAP_S = 0.5


class Asyncio(Area):
    """`sinetstream.aio`."""

    @always
    def test_a_cancelled_anext_loses_nothing(self, trial: Trial) -> None:
        """The message of a cancelled `anext` is returned by the next call."""
        values = trial.values(5)

        async def main() -> list[Any]:
            async with trial.aio_reader() as reader:
                for _ in range(3):
                    waiting = asyncio.ensure_future(anext(reader))
                    await asyncio.sleep(0)
                    waiting.cancel()
                    await asyncio.wait((waiting,))
                await asyncio.to_thread(trial.send, values)
                return [message.value async for message in _first(reader, len(values))]

        check_nothing_lost(values, _run(trial, main()))

    @always
    def test_writing_waits_for_room(self, trial: Trial) -> None:
        """A publish beyond `max_pending_bytes` waits for room, and nothing is lost."""
        values = [value + bytes(1000) for value in trial.values(31)]

        async def write() -> None:
            async with trial.aio_writer(max_pending_bytes=4000) as writer:
                await asyncio.gather(*(writer.publish(value) for value in values))

        with receiving("sync", trial) as received:
            _run(trial, write())
            got = received.wait_for(values)

        check_nothing_lost(values, got, received.errors)

    @always
    def test_a_cancelled_publish_disturbs_nobody(self, trial: Trial) -> None:
        """When one of several publishing tasks is cancelled, the others' messages arrive, and its own at most once."""
        cancelled, *values = trial.values(5)

        async def write() -> None:
            async with trial.aio_writer() as writer:
                one = asyncio.ensure_future(writer.publish(cancelled))
                others = [asyncio.ensure_future(writer.publish(value)) for value in values]
                await asyncio.sleep(0)
                one.cancel()
                await asyncio.gather(*others)

        with receiving("sync", trial) as received:
            _run(trial, write())
            got = received.wait_for(values)

        check_nothing_lost(values, got, received.errors)
        check_nothing_twice([value for value in got if value == cancelled])

    @always
    def test_the_event_loop_is_not_blocked(self, trial: Trial) -> None:
        """Opening, publishing, waiting and closing do not block the event loop."""
        (value,) = trial.values(1)
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            clock = asyncio.get_running_loop().time
            while True:
                before = clock()
                await asyncio.sleep(_TICK_S)
                longest = max(longest, clock() - before)

        async def main() -> None:
            watching = asyncio.ensure_future(watch())
            async with trial.aio_reader(receive_timeout_ms=50) as reader, trial.aio_writer() as writer:
                await writer.publish(value)
                async for _ in reader:
                    pass
            watching.cancel()

        _run(trial, main())
        if longest > _LONGEST_GAP_S:
            raise Broken(f"the event loop was blocked for {longest:.2f} s")


async def _first(reader: Any, count: int) -> Any:
    async for message in reader:
        yield message
        count -= 1
        if not count:
            return


def _run(trial: Trial, main: Coroutine[Any, Any, R]) -> R:
    return within(4 * trial.patience_s, "a program in asyncio", lambda: asyncio.run(main))
