"""Batches that Kafka has compressed may not expand beyond a limit."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from kafka import codec
from kafka.record.default_records import DefaultRecordBatch
from reading import Service, group
from sinetstream import InvalidArgumentError, InvalidMessageError, MessageReader, MessageWriter
from sinetstream_plugins.kafka.kafka_python.bounded_decompression import TooLargeError, decompress

MIB = 1024 * 1024
ENCODERS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "gzip": (DefaultRecordBatch.CODEC_GZIP, codec.gzip_encode),
    "zstd": (DefaultRecordBatch.CODEC_ZSTD, codec.zstd_encode),
    "lz4": (DefaultRecordBatch.CODEC_LZ4, codec.lz4_encode),
    "snappy": (DefaultRecordBatch.CODEC_SNAPPY, codec.snappy_encode),
}
INSTALLED = [name for name in ENCODERS if getattr(codec, f"has_{name}")()]


@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize("size", [1, 999, 1000])
def test_what_is_within_the_limit_is_decompressed(name: str, size: int) -> None:
    compression, encode = ENCODERS[name]
    plain = bytes(range(250)) * 4

    assert plain[:size] == decompress(compression, encode(plain[:size]), 1000)


@pytest.mark.parametrize("name", INSTALLED)
def test_what_is_beyond_the_limit_is_refused_before_it_takes_memory(name: str) -> None:
    compression, encode = ENCODERS[name]
    bomb = encode(bytes(64 * MIB))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            decompress(compression, bomb, MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 * MIB


def test_gzip_in_several_members_counts_as_one() -> None:
    members = gzip.compress(bytes(600)) + gzip.compress(bytes(600))

    assert bytes(1200) == decompress(DefaultRecordBatch.CODEC_GZIP, members, 1200)
    with pytest.raises(TooLargeError):
        decompress(DefaultRecordBatch.CODEC_GZIP, members, 1199)


def test_the_sizes_that_blocks_of_snappy_begin_with_are_added() -> None:
    """600, as a varint, before what it takes; with and without the frame of the Java library."""
    block = bytes([0xD8, 0x04]) + b"never decompressed"
    framed = b"\x82SNAPPY\x00" + struct.pack("!ii", 1, 1) + (struct.pack("!i", len(block)) + block) * 2

    for data, limit in ((block, 599), (framed, 1199)):
        with pytest.raises(TooLargeError):
            decompress(DefaultRecordBatch.CODEC_SNAPPY, data, limit)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_batch_beyond_the_limit_is_refused_and_reading_goes_on_behind_it(
    service: Service, new_topic: Callable[..., str], compression: str
) -> None:
    topic, ours = new_topic(1), group(auto_offset_reset="earliest", max_decompressed_bytes=MIB)

    def publish(*values: bytes) -> None:
        options = {"compression_type": compression, "linger_ms": 100, "max_request_size": 10 * MIB}
        with MessageWriter(
            topic=topic, consistency="AT_LEAST_ONCE", type_spec=options, user_data_only=True, **service
        ) as writer:
            writer.publish_many(values)

    publish(b"before")
    publish(bytes(4 * MIB))
    publish(b"after")
    got: list[Any] = []
    errors: list[InvalidMessageError] = []
    with MessageReader(
        topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, user_data_only=True, **ours, **service
    ) as reader:
        while len(got) < 2:
            try:
                got.append(next(reader).value)
            except InvalidMessageError as error:
                errors.append(error)

    assert [b"before", b"after"] == got
    assert [MIB] == [error.limit for error in errors]
    assert all(f"{topic}-0" in str(error) and "max_decompressed_bytes" in str(error) for error in errors)


def test_a_limit_that_is_none_is_refused(service: Service, topic: str) -> None:
    with pytest.raises(InvalidArgumentError, match="max_decompressed_bytes"):
        MessageReader(topics=topic, type_spec={"max_decompressed_bytes": 0}, **service)
