"""What plugins and users do wrong ends nothing but the call that it concerns."""

import asyncio
import threading
import time
from typing import Any

import pytest
from promise import Promise
from sinetstream import (
    AsyncMessageReader,
    AsyncMessageWriter,
    InvalidArgumentError,
    MessageReader,
    MessageWriter,
    NotOpenError,
    PublishManyError,
    PublishTimeoutError,
    SinetError,
    UnsupportedServiceTypeError,
    aio,
    plugins,
)
from sinetstream.spi import Ability

LIMIT_S = 10.0


class Plugin:
    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params

    def open(self) -> None: ...

    def close(self) -> None: ...


class WordlessError(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class Sulky(Plugin):
    def publish(self, message: bytes) -> Any:
        raise WordlessError


class Silent(Plugin):
    abilities = frozenset({Ability.KEY})

    def publish(self, message: bytes, **attributes: Any) -> Promise[Any]:
        return Promise()


class Unpromising(Plugin):
    def publish(self, message: bytes) -> Any:
        return "sent"


class Exiting(Plugin):
    def publish(self, message: bytes) -> Any:
        raise SystemExit(message.decode("latin-1"))


class Malformed(Plugin):
    def __iter__(self) -> Any:
        yield b"x", "t"


def test_an_error_without_words_rejects_its_promise_and_no_other() -> None:
    with plugins.register("sulky", writer=Sulky):
        writer = AsyncMessageWriter(no_config=True, type="sulky", topic="t")
    with writer:
        first, second = writer.publish(b"1"), writer.publish(b"2")

        for promise in (first, second):
            with pytest.raises(SinetError, match="WordlessError"):
                promise.get(LIMIT_S)


def test_what_ends_a_program_ends_no_thread_of_ours() -> None:
    with plugins.register("exiting", writer=Exiting):
        writer = AsyncMessageWriter(no_config=True, type="exiting", topic="t")
    with writer:
        promises = [writer.publish(b"1"), writer.publish(b"2")]

        for promise in promises:
            with pytest.raises(SinetError):
                promise.get(LIMIT_S)


def test_an_async_writer_that_promises_nothing_is_told_the_contract() -> None:
    with plugins.register("unpromising", async_writer=Unpromising):
        writer = AsyncMessageWriter(no_config=True, type="unpromising", topic="t")
    with writer, pytest.raises(SinetError, match="must return a promise, not str"):
        writer.publish(b"1").get(LIMIT_S)


def test_publish_many_waits_once_for_all_that_is_never_confirmed() -> None:
    settings: dict[str, Any] = {"no_config": True, "type": "silent", "topic": "t", "publish_timeout_ms": 300}
    settings["close_timeout_ms"] = 0
    with plugins.register("silent", async_writer=Silent):
        writers: list[Any] = [MessageWriter(**settings), AsyncMessageWriter(**settings)]
    for writer in writers:
        with writer:
            began = time.monotonic()
            with pytest.raises(PublishManyError) as caught:
                writer.publish_many([b"x"] * 20)

            assert 2.0 > time.monotonic() - began
            assert {PublishTimeoutError} == {type(error) for error in caught.value.failures.values()}
            assert "unknown" in str(caught.value.failures[0])


def test_what_is_not_confirmed_keeps_its_room() -> None:
    settings: dict[str, Any] = {"no_config": True, "type": "silent", "topic": "t", "publish_timeout_ms": 100}
    settings["close_timeout_ms"] = 0
    with plugins.register("silent", async_writer=Silent):
        writer: MessageWriter[bytes] = MessageWriter(**settings, max_pending_bytes=100)
    with writer, pytest.raises(PublishManyError) as caught:
        writer.publish_many([b"x" * 50] * 4)

    assert ["unknown", "not sent", "not sent", "not sent"] == [
        "unknown" if "unknown" in str(error) else "not sent" if "not sent" in str(error) else str(error)
        for error in caught.value.failures.values()
    ]


def test_a_key_that_is_no_text_is_an_error_of_ours() -> None:
    with plugins.register("silent", async_writer=Silent):
        writer = AsyncMessageWriter(no_config=True, type="silent", topic="t", close_timeout_ms=0)
    with writer, pytest.raises(InvalidArgumentError, match="key: this text"):
        writer.publish(b"", key="\ud800").get(LIMIT_S)


def test_items_of_a_wrong_shape_are_reported_to_every_kind_of_reader() -> None:
    failures: list[Any] = []
    failed = threading.Event()

    def on_failure(error: Exception) -> None:
        failures.append(error)
        failed.set()

    with plugins.register("malformed", reader=Malformed):
        reader: MessageReader[bytes] = MessageReader(no_config=True, type="malformed", topics="t")
        callbacks: AsyncMessageReader[bytes] = AsyncMessageReader(no_config=True, type="malformed", topics="t")
    with reader, pytest.raises(SinetError, match="ValueError"):
        next(reader)
    callbacks.on_message = print
    callbacks.on_failure = on_failure
    with callbacks:
        assert failed.wait(LIMIT_S)

    assert "ValueError" in str(failures[0])


def test_a_generator_over_a_reader_ends_when_the_reader_is_closed() -> None:
    reader: MessageReader[bytes] = MessageReader(no_config=True, type="queue", topics="generator over a reader")

    def generator() -> Any:
        yield from reader

    with reader:
        closing = threading.Timer(0.1, reader.close)
        closing.start()
        received = list(generator())
        closing.join()

    assert [] == received


def test_next_says_that_a_reader_was_closed_and_a_loop_just_ends() -> None:
    reader: MessageReader[bytes] = MessageReader(no_config=True, type="queue", topics="closed in its loop")
    with MessageWriter(no_config=True, type="queue", topic="closed in its loop") as writer:
        writer.publish_many([b"1", b"2"])
    reader.open()
    received = []
    for message in reader:
        received.append(message.value)
        reader.close()

    assert [b"1"] == received
    with pytest.raises(NotOpenError):
        next(reader)
    with pytest.raises(NotOpenError):
        iter(reader)


class Timeless(Plugin):
    abilities = frozenset({Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE, Ability.TIMESTAMP})

    def acknowledge(self, raw: Any) -> None: ...

    def __iter__(self) -> Any:
        for number in range(3):
            yield b"x", "t", number

    def timestamp_us(self, raw: Any) -> int:
        if raw == 1:
            raise OSError("no clock")
        return 5


class Timely(Timeless):
    def timestamp_us(self, raw: Any) -> int:
        return 5


class Undated(Plugin):
    abilities = frozenset({Ability.TIMESTAMP})

    def __iter__(self) -> Any:
        yield from ()


TIMELESS: dict[str, Any] = {"no_config": True, "type": "timeless", "topics": "t", "user_data_only": True}


def test_a_time_that_the_plugin_cannot_tell_is_an_error_of_that_message_alone() -> None:
    with plugins.register("timeless", reader=Timeless):
        reader: MessageReader[bytes] = MessageReader(**TIMELESS)
    with reader:
        assert 5 == next(reader).timestamp_us
        with pytest.raises(SinetError, match="no clock"):
            next(reader)
        assert 5 == next(reader).timestamp_us

    assert 1 == reader.metrics.error_count_total


def test_in_asyncio_too() -> None:
    async def main() -> None:
        with plugins.register("timeless", reader=Timeless):
            reader: aio.MessageReader[bytes] = aio.MessageReader(**TIMELESS)
        async with asyncio.timeout(LIMIT_S), reader:
            assert 5 == (await anext(reader)).timestamp_us
            with pytest.raises(SinetError, match="no clock"):
                await anext(reader)
            assert 5 == (await anext(reader)).timestamp_us

        assert 1 == reader.metrics.error_count_total

    asyncio.run(main())


def test_a_deserializer_that_would_end_the_program_ends_no_asyncio_reader() -> None:
    def deserialize(value: bytes) -> bytes:
        if value in ends:
            ends.remove(value)
            raise SystemExit(3)
        return value

    async def main() -> None:
        with plugins.register("timeless", reader=Timely):
            reader: aio.MessageReader[bytes] = aio.MessageReader(**TIMELESS | {"value_deserializer": deserialize})
        async with asyncio.timeout(LIMIT_S), reader:
            with pytest.raises(SinetError, match="SystemExit"):
                await anext(reader)
            assert b"x" == (await anext(reader)).value

    ends = [b"x"]
    asyncio.run(main())


def test_a_reader_that_declares_times_and_tells_none_is_refused() -> None:
    with plugins.register("undated", reader=Undated), pytest.raises(UnsupportedServiceTypeError, match="timestamp_us"):
        MessageReader(no_config=True, type="undated", topics="t")
