"""What applications do with the guide-era plugin: `python with_guide_plugin.py CLAIM` runs one of the functions here.

It runs in an environment that has the wheels and nothing for testing: see test_guide_plugin.py.
"""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from typing import Any

from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageReader,
    AsyncMessageWriter,
    InvalidArgumentError,
    InvalidMessageError,
    Message,
    MessageReader,
    MessageWriter,
    NotOpenError,
    SinetError,
    aio,
)

SERVICE: dict[str, Any] = {"no_config": True, "type": "queue"}
SECRET: dict[str, Any] = SERVICE | {
    "value_type": "json",
    "data_compression": True,
    "data_encryption": True,
    "crypto": {"password": "open sesame"},
}
PROMPT_S = 1.5
FOR_EVER_S = 20.0
WORDS = [f"word {number}".encode() for number in range(20)]
READINGS = [{"n": number, "text": "計測" * number, "nested": [None, True, 1.5]} for number in range(5)]

CLAIMS: dict[str, Callable[[], None]] = {}


def claim(function: Callable[[], None]) -> Callable[[], None]:
    CLAIMS[function.__name__] = function
    return function


def queues() -> dict[str, Any]:
    from ssplugin import queue  # type: ignore[import-not-found]  # installed where this file is run

    found: dict[str, Any] = queue.queues
    return found


def send(topic: str, values: list[Any], **service: Any) -> None:
    with MessageWriter(topic=topic, **(service or SERVICE)) as writer:
        for value in values:
            writer.publish(value)


def values_of(reader: MessageReader[Any]) -> list[Any]:
    return [message.value for message in reader]


class Collected(list[Any]):
    """What callbacks were given, in order; `expect` waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def add(self, item: Any) -> None:
        with self._changed:
            self.append(item)
            self._changed.notify_all()

    def expect(self, expected: list[Any]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self) >= len(expected), FOR_EVER_S)
            assert expected == list(self)


def quickly(action: Callable[[], object]) -> None:
    began = time.monotonic()
    action()
    assert time.monotonic() - began < PROMPT_S


def check_no_thread_left() -> None:
    """A thread that is about to end gets the time for that."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(PROMPT_S)
    assert threading.enumerate() == [threading.main_thread()]


@claim
def what_is_written_is_read_in_order() -> None:
    send("words", WORDS)

    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        messages = list(reader)

    assert WORDS == [message.value for message in messages]
    assert {"words"} == {message.topic for message in messages}
    assert all(isinstance(message.raw, bytes) and abs(message.timestamp - time.time()) < 60 for message in messages)


@claim
def a_loop_ends_on_a_timeout_and_goes_on() -> None:
    with MessageReader(topics=["words"], receive_timeout_ms=50, **SERVICE) as reader:
        began = time.monotonic()
        assert values_of(reader) == []
        assert 0.05 <= time.monotonic() - began < PROMPT_S
        for part in (WORDS[:5], WORDS[5:]):
            send("words", part)
            assert part == values_of(reader)
        assert reader.metrics.error_count_total == 0


@claim
def leaving_a_loop_loses_nothing() -> None:
    send("words", WORDS)

    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        taken = [next(reader).value]
        for message in reader:
            taken.append(message.value)
            break
        taken += values_of(reader)

    assert WORDS == taken


@claim
def a_reader_of_one_message_leaves_the_others_to_the_next() -> None:
    send("words", WORDS)

    with MessageReader(topics="words", **SERVICE) as reader:
        assert WORDS[0] == next(reader).value

    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        assert WORDS[1:] == values_of(reader)


@claim
def a_closed_object_opens_again() -> None:
    reader: MessageReader[bytes] = MessageReader(topics="words", receive_timeout_ms=50, **SERVICE)
    writer: MessageWriter[bytes] = MessageWriter(topic="words", **SERVICE)
    for word in WORDS[:3]:
        with writer, reader:
            writer.publish(word)
            assert [word] == values_of(reader)


@claim
def a_missing_topic_is_the_plugins_error_at_construction() -> None:
    for api in (MessageReader, MessageWriter, AsyncMessageReader, AsyncMessageWriter):
        with suppress(InvalidArgumentError):
            api(**SERVICE)
            raise AssertionError(api)


@claim
def callbacks_get_what_was_written_in_order() -> None:
    got = Collected()
    reader: AsyncMessageReader[bytes] = AsyncMessageReader("", "words", **SERVICE)
    reader.on_message = lambda message: got.add((message.value, message.topic))
    with reader:
        send("words", WORDS)
        got.expect([(word, "words") for word in WORDS])


@claim
def a_raising_callback_is_reported_and_the_next_message_comes() -> None:
    got, failures = Collected(), Collected()

    def shout(message: Message[bytes]) -> None:
        if message.value == WORDS[1]:
            raise LookupError(message.value)
        got.add(message.value)

    reader: AsyncMessageReader[bytes] = AsyncMessageReader(topics="words", **SERVICE)
    reader.on_message = shout
    reader.on_failure = lambda error: failures.add(str(error))
    with reader:
        send("words", WORDS[:4])
        got.expect([WORDS[0], WORDS[2], WORDS[3]])
        failures.expect([str(LookupError(WORDS[1]))])


@claim
def closing_is_prompt_and_leaves_no_thread() -> None:
    def quiet() -> AsyncMessageReader[bytes]:
        return AsyncMessageReader(topics="nothing comes", **SERVICE)

    idle, unheard = quiet(), quiet()
    idle.on_message = lambda message: None
    ends = [
        idle,
        unheard,
        *(api(topic="words", **SERVICE) for api in (MessageReader, MessageWriter, AsyncMessageWriter)),
    ]
    for end in ends:
        end.open()

    for end in ends:
        quickly(end.close)
        end.close()

    check_no_thread_left()


@claim
def closing_in_a_callback_leaves_most_to_the_next_reader() -> None:
    send("words", WORDS)
    first, closed = Collected(), threading.Event()
    reader: AsyncMessageReader[bytes] = AsyncMessageReader(topics="words", **SERVICE)

    def only_one(message: Message[bytes]) -> None:
        first.add(message.value)
        reader.close()
        closed.set()

    reader.on_message = only_one
    reader.open()
    assert closed.wait(FOR_EVER_S)
    reader.close()

    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as rest:
        left = values_of(rest)
    assert WORDS[:1] == list(first)
    assert WORDS[-len(left) :] == left
    assert len(left) >= len(WORDS) - 4  # it was handed one, and the plugin pushes: it has no way to take back


@claim
def a_callback_set_late_gets_what_came_before() -> None:
    got = Collected()
    with AsyncMessageReader(topics="words", **SERVICE) as reader:
        send("words", WORDS)
        reader.on_message = lambda message: got.add(message.value)
        got.expect(WORDS)


@claim
def promises_are_fulfilled() -> None:
    got = Collected()
    with AsyncMessageWriter(topic="words", **SERVICE) as writer:
        for word in WORDS:
            assert writer.publish(word).then(got.add).get(FOR_EVER_S) is None

    assert [None] * len(WORDS) == list(got)
    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        assert WORDS == values_of(reader)


@claim
def every_promise_has_ended_after_close_and_nothing_is_lost() -> None:
    many = [str(number).encode() for number in range(2000)]
    got = Collected()

    with AsyncMessageWriter(topic="words", **SERVICE) as writer:
        promises = [writer.publish(value).then(got.add) for value in many]

    assert all(promise.is_fulfilled for promise in promises)
    assert len(many) == len(got) == writer.metrics.msg_count_total
    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        assert sorted(many) == sorted(values_of(reader))  # the plugin's pool of threads promises no order


@claim
def promises_are_rejected() -> None:
    class Broken(Queue[bytes]):
        def put(self, *_: Any, **__: Any) -> None:
            raise OSError("disk on fire")

    queues()["broken"] = Broken()
    failures = Collected()
    with AsyncMessageWriter(topic="broken", **SERVICE) as writer:
        writer.publish(b"x").then(None, failures.add)
        writer.publish("no bytes").then(None, failures.add)
    with MessageWriter(topic="broken", **SERVICE) as sync_writer, suppress(SinetError):
        sync_writer.publish(b"x")
        raise AssertionError

    assert len(failures) == 2
    invalid = next(error for error in failures if isinstance(error, InvalidMessageError))
    (broken,) = (error for error in failures if error is not invalid)
    assert isinstance(broken, SinetError)
    assert isinstance(broken.__cause__, OSError)
    assert "disk on fire" in str(broken)
    assert (0, 2) == (writer.metrics.msg_count_total, writer.metrics.error_count_total)


@claim
def a_raising_handler_does_not_stop_the_others() -> None:
    def fail(_: object) -> None:
        raise LookupError

    got = Collected()
    with AsyncMessageWriter(topic="words", **SERVICE) as writer:
        for word in WORDS:
            published = writer.publish(word)
            published.then(fail).catch(lambda error: got.add(type(error)))
            published.then(got.add)

    assert {LookupError: len(WORDS), None: len(WORDS)} == {kind: got.count(kind) for kind in got}


@claim
def publish_many_sends_all() -> None:
    with MessageWriter(topic="words", **SERVICE) as writer:
        writer.publish_many(WORDS)
    with AsyncMessageWriter(topic="words", **SERVICE) as async_writer:
        async_writer.publish_many(WORDS)

    with MessageReader(topics="words", receive_timeout_ms=50, **SERVICE) as reader:
        assert sorted(2 * WORDS) == sorted(values_of(reader))


def readings_left() -> list[Any]:
    with MessageReader(topics="json", receive_timeout_ms=50, **SECRET) as reader:
        return values_of(reader)


@claim
def encrypted_compressed_json_goes_through_the_sync_api() -> None:
    send("json", READINGS, **SECRET)

    payloads = list(queues()["json"].queue)
    assert not any(
        str(reading["text"]).encode() in payload for reading, payload in zip(READINGS[1:], payloads[1:], strict=True)
    )
    assert READINGS == readings_left()


@claim
def encrypted_compressed_json_goes_through_promises_and_callbacks() -> None:
    got = Collected()
    reader: AsyncMessageReader[Any] = AsyncMessageReader(topics="json", **SECRET)
    reader.on_message = lambda message: got.add(message.value)
    with reader, AsyncMessageWriter(topic="json", **SECRET) as writer:
        for reading in READINGS:
            writer.publish(reading).get(FOR_EVER_S)
        got.expect(READINGS)


@claim
def encrypted_compressed_json_goes_through_asyncio() -> None:
    async def main() -> None:
        async with (
            aio.MessageWriter(topic="json", **SECRET) as writer,
            aio.MessageReader(topics="json", receive_timeout_ms=50, **SECRET) as reader,
        ):
            for reading in READINGS:
                await writer.publish(reading)
            assert READINGS == [message.value async for message in reader]

    asyncio.run(main())


@claim
def bytes_that_are_no_message_are_refused_and_the_next_is_read() -> None:
    queues()["json"].put(b"forged")
    send("json", READINGS, **SECRET)

    with MessageReader(topics="json", receive_timeout_ms=50, **SECRET) as reader:
        with suppress(InvalidMessageError):
            next(reader)
            raise AssertionError
        assert READINGS == values_of(reader)


@claim
def at_least_once_warns_once_and_works() -> None:
    warnings = Collected()
    handler = logging.Handler()
    handler.emit = lambda record: warnings.add(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("sinetstream").addHandler(handler)
    apis: list[Callable[[], Any]] = [
        lambda: MessageWriter(topic="words", consistency=AT_LEAST_ONCE, **SERVICE),
        lambda: MessageReader(topics="words", consistency=AT_LEAST_ONCE, receive_timeout_ms=50, **SERVICE),
        lambda: AsyncMessageWriter(topic="words", consistency="AT_LEAST_ONCE", **SERVICE),
        lambda: AsyncMessageReader(topics="words", consistency=1, **SERVICE),
    ]
    made = []
    for api in apis:
        before = len(warnings)
        made.append(api())
        assert before + 1 == len(warnings)
        assert "'queue'" in warnings[-1]
    writer, reader, async_writer, async_reader = made

    with writer, reader, async_writer:
        writer.publish(b"one")
        async_writer.publish(b"two").get(FOR_EVER_S)
        assert [b"one", b"two"] == values_of(reader)
    got = Collected()
    async_reader.on_message = lambda message: got.add(message.value)
    with async_reader:
        send("words", WORDS)
        got.expect(WORDS)
    assert len(apis) == len(warnings)


@claim
def asyncio_writes_and_reads_in_order() -> None:
    async def main() -> None:
        async with (
            aio.MessageWriter(topic="words", **SERVICE) as writer,
            aio.MessageReader(topics="words", receive_timeout_ms=200, **SERVICE) as reader,
        ):
            for part in (WORDS[:5], [], WORDS[5:]):
                for word in part:
                    await writer.publish(word)
                assert part == [message.value async for message in reader]
            await writer.publish_many(WORDS)
            assert sorted(WORDS) == sorted([message.value async for message in reader])

    asyncio.run(main())


@claim
def asyncio_is_not_blocked_and_closes_promptly() -> None:
    async def main() -> None:
        reader: aio.MessageReader[bytes] = aio.MessageReader(topics="nothing comes", **SERVICE)
        await reader.open()
        waiting = asyncio.ensure_future(anext(reader))
        ticks = 0
        while ticks < 20:
            await asyncio.sleep(0.001)
            ticks += 1
        assert not waiting.done()

        async with asyncio.timeout(PROMPT_S):
            await reader.close()
            with suppress(NotOpenError):
                await waiting
                raise AssertionError

    asyncio.run(main())
    check_no_thread_left()


@claim
def a_cancelled_anext_hands_its_message_to_the_next() -> None:
    async def main() -> None:
        async with aio.MessageReader(topics="words", **SERVICE) as reader:
            waiting = asyncio.ensure_future(anext(reader))
            await asyncio.sleep(0)
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting
            send("words", WORDS)
            assert WORDS == [(await anext(reader)).value for _ in WORDS]

    asyncio.run(main())


@claim
def an_asyncio_reader_leaves_the_others_to_the_next() -> None:
    send("words", WORDS)

    async def main() -> list[bytes]:
        async with aio.MessageReader(topics="words", receive_timeout_ms=200, **SERVICE) as reader:
            assert WORDS[0] == (await anext(reader)).value
        async with aio.MessageReader(topics="words", receive_timeout_ms=200, **SERVICE) as reader:
            return [message.value async for message in reader]

    assert WORDS[1:] == asyncio.run(main())


if __name__ == "__main__":
    CLAIMS[sys.argv[1]]()
