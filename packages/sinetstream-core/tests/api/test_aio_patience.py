"""`aio.MessageReader`: the receive timeout is about messages that do not come, not about slow ones."""

from __future__ import annotations

import asyncio
import threading

from sinetstream import aio

from .doubles import WAIT, Lab


def test_a_message_that_takes_long_to_decode_does_not_end_the_loop(lab: Lab) -> None:
    timed_out = threading.Event()

    def slow(payload: bytes) -> bytes:
        timed_out.wait(WAIT)
        return payload

    async def main() -> list[bytes]:
        reader = aio.MessageReader[bytes](
            type="lab", topics="t", no_config=True, receive_timeout_ms=50, value_deserializer=slow
        )
        async with reader:
            asyncio.get_running_loop().call_later(0.2, timed_out.set)
            return [message.value async for message in reader]

    lab.registered(reader=lab.reader())
    lab.arrive(b"one", b"two")

    assert [b"one", b"two"] == asyncio.run(main())


def test_an_old_plugin_with_both_readers_is_asked_for_one_message_at_a_time(lab: Lab) -> None:
    async def main() -> bytes:
        async with aio.MessageReader[bytes](type="lab", topics="t", no_config=True) as reader:
            return (await anext(reader)).value

    lab.registered(reader=lab.reader(abilities=None), async_reader=lab.async_reader(abilities=None))
    lab.arrive(b"one", b"two", b"three")

    assert b"one" == asyncio.run(main())
    assert 2 == len(lab.incoming)
