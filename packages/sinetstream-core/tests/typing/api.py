"""What users may write: checked by mypy --strict, never run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, assert_type

from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageReader,
    AsyncMessageWriter,
    BufferFullError,
    Consistency,
    Message,
    MessageReader,
    MessageWriter,
    Metrics,
    PublishManyError,
    SinetError,
    SINETStreamMessageDecoder,
    SINETStreamMessageEncoder,
    aio,
    plugins,
)
from sinetstream.spi import (
    Ability,
    Acknowledging,
    AsyncReaderFromReader,
    AsyncWriterFromWriter,
    Delivery,
    PluginMessageReader,
    PluginMessageWriter,
    Seekable,
    SeekableByTime,
    TakingHeaders,
    TakingKey,
    Transactional,
    WithAttributes,
    WithTimestamp,
)


def read_sync() -> None:
    reader = MessageReader[str]("lab", ["a", "b"], config_file=Path("x"), value_type="text", receive_timeout_ms=10)
    with reader as same:
        assert_type(same, MessageReader[str])
        for message in reader:
            assert_type(message, Message[str])
            assert_type(message.value, str)
            assert_type(message.topic, str | None)
            assert_type(message.timestamp, float)
            assert_type(message.timestamp_us, int)
            assert_type(message.key, bytes | None)
            assert_type(message.headers, Mapping[str, bytes])
        assert_type(next(reader), Message[str])
        reader.seek_to_beginning()
        reader.seek_to_time(1.5)
    assert_type(reader.consistency, Consistency)
    assert_type(reader.metrics, Metrics)
    assert_type(reader.topics, str | list[str] | None)
    assert_type(reader.receive_timeout_ms, float)
    assert_type(reader.client_id, str)
    reader.reset_metrics(reset_raw=True)


def read_anything() -> None:
    for message in MessageReader("lab").open():
        message.value.whatever()


def read_calling_back() -> None:
    def on_message(message: Message[bytes]) -> int:
        return len(message.value)

    def on_failure(error: Exception) -> str:
        return str(error)

    reader = AsyncMessageReader[bytes]("lab", consistency=AT_LEAST_ONCE, on_invalid="skip")
    reader.on_message = on_message
    reader.on_failure = on_failure
    reader.on_message = None
    reader.open().close()


def write_sync() -> None:
    with MessageWriter[str]("lab", "topic", value_type="text") as writer:
        assert_type(writer.publish("x", 1.5, key="k", headers={"a": b"b"}), Any)
        try:
            results = writer.publish_many(str(i) for i in range(10))
        except PublishManyError as error:
            assert_type(error.failures, Mapping[int, SinetError])
            assert_type(error.outcome, Literal["not_sent", "unknown"] | None)
        else:
            assert_type(results, list[Any])
        writer.publish(1)  # type: ignore[arg-type]  # not a str
    assert_type(writer.topic, str | None)


def write_promising() -> None:
    with AsyncMessageWriter[bytes]("lab") as writer:
        delivery = writer.publish(b"x")
        assert_type(delivery, Delivery[Any])
        assert_type(delivery.then(print, print), Delivery[Any])
        delivery.get(timeout=1)


async def in_asyncio() -> None:
    async with aio.MessageWriter[bytes]("lab") as writer:
        try:
            await writer.publish(b"x")
        except BufferFullError:
            assert_type(await writer.publish_many([b"x"]), list[Any])
        else:
            writer.publish("x")  # type: ignore[arg-type, unused-coroutine]  # not bytes
    async with aio.MessageReader[bytes]("lab") as reader:
        async for message in reader:
            assert_type(message, Message[bytes])
        assert_type(await anext(reader), Message[bytes])
        await reader.seek_to_end()


def parameters_are_checked(options: dict[str, Any]) -> None:
    MessageReader("lab", consistency="AT_LEAST_ONCE", receive_timeout_ms=None, brokers=["a:1"], tls={"ca_certs": "x"})
    MessageReader("lab", consistency=AT_LEAST_ONCE, on_invalid=lambda payload, topic, raw, error: None)
    MessageReader("lab", consistency="AT_LEAST_ONC")  # type: ignore[arg-type]  # misspelt
    MessageReader("lab", consistancy=AT_LEAST_ONCE)  # type: ignore[call-arg]  # misspelt
    MessageReader("lab", receive_timeout_ms="1000")  # type: ignore[arg-type]  # not a number
    MessageReader("lab", publish_timeout_ms=10)  # type: ignore[call-arg]  # a writer's
    MessageWriter("lab", value_type="json", compression={"algorithm": "zstd"}, max_pending_bytes=1000)
    MessageWriter("lab", on_invalid="skip")  # type: ignore[call-arg]  # a reader's
    AsyncMessageReader("lab", on_invalid="ignore")  # type: ignore[arg-type]  # no such choice
    AsyncMessageWriter("lab", value_serializer=len)  # type: ignore[arg-type]  # does not return bytes
    aio.MessageReader("lab", message_format=1)  # type: ignore[arg-type]  # no such format
    aio.MessageWriter("lab", close_timeout_ms=None)  # type: ignore[arg-type]  # not a number
    SINETStreamMessageEncoder(value_typ="text")  # type: ignore[call-arg]  # misspelt
    SINETStreamMessageDecoder(topic="t", topics=["t"], value_type="text", crypto={"password": "p"})
    # What is a plugin's own goes into type_spec, which the plugin checks when it is constructed.
    MessageReader("lab", type_spec={"group_id": "g"})
    MessageReader("lab", group_id="g")  # type: ignore[call-arg]  # unknown to the type checker
    MessageReader("lab", **options)


def without_a_broker() -> None:
    assert_type(SINETStreamMessageEncoder[str](value_type="text").encode("x", 1.5), bytes)
    assert_type(SINETStreamMessageDecoder[str](value_type="text").decode(b""), Message[str])


class LabReader(PluginMessageReader):
    abilities = frozenset((Ability.ACKNOWLEDGE,))

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params

    def open(self) -> None: ...
    def close(self) -> None: ...

    def __iter__(self) -> Iterator[tuple[bytes, str | None, Any]]:
        yield b"", None, None


class LabWriter(PluginMessageWriter):
    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params

    def open(self) -> None: ...
    def close(self) -> None: ...

    def publish(self, message: bytes, *, key: bytes | None = None) -> int:
        return len(message)


class SeekingReader(LabReader, WithAttributes, Seekable, SeekableByTime):
    def attributes(self, raw: Any) -> tuple[bytes | None, Mapping[str, bytes]]:
        return None, {}

    def seek_to_beginning(self) -> None: ...
    def seek_to_end(self) -> None: ...
    def seek_to_time(self, timestamp_us: int) -> None: ...


class MistakenReader(LabReader, WithTimestamp, SeekableByTime):
    def timestamp_us(self, raw: Any) -> str:  # type: ignore[override]  # microseconds are an int
        return ""

    def seek_to_time(self, seconds: str) -> None: ...  # type: ignore[override]


def optional_calls(reader: LabReader, writer: LabWriter) -> None:
    takes_key: TakingKey = writer
    takes_headers: TakingHeaders = writer  # type: ignore[assignment]  # it has none
    transactional: Transactional = writer  # type: ignore[assignment]
    acknowledging: Acknowledging = reader
    for _ in (takes_key, takes_headers, transactional, acknowledging):
        pass


class LabAsyncReader(AsyncReaderFromReader):
    source = LabReader


class LabAsyncWriter(AsyncWriterFromWriter):
    source = LabWriter


def in_a_notebook() -> None:
    with plugins.register("lab", reader=LabReader, writer=LabWriter, async_reader=LabAsyncReader):
        read_sync()
