"""Decompressing what a batch of records expands to, up to a limit: kafka-python has none."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

from kafka import codec
from kafka.record.default_records import DefaultRecordBatch

__all__ = ["TooLargeError", "decompress"]

_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEAD = 16
_VARINT_BITS = 7


class TooLargeError(Exception):
    """It would be more bytes than the limit."""


def decompress(compression: int, data: bytes, limit: int) -> bytes:
    """Raises `TooLargeError` before it has made more than about `limit` bytes, and what the codec raises."""
    return _CODECS[compression](data, limit)


def _read(stream: Any, limit: int) -> bytes:
    plain: bytes = stream.read(limit + 1)
    if len(plain) > limit:
        raise TooLargeError
    return plain


def _gzip(data: bytes, limit: int) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        return _read(stream, limit)


def _zstd(data: bytes, limit: int) -> bytes:
    decompressor = codec.zstd.ZstdDecompressor()
    with decompressor.stream_reader(io.BytesIO(data), read_across_frames=True) as stream:
        return _read(stream, limit)


def _lz4(data: bytes, limit: int) -> bytes:
    if codec.lz4 is None:  # one of the older libraries, which have no limit
        plain: bytes = codec.lz4_decode(data)
        return plain
    with codec.lz4.LZ4FrameFile(io.BytesIO(data)) as stream:
        return _read(stream, limit)


def _snappy(data: bytes, limit: int) -> bytes:
    """Each block begins with its decompressed size."""
    if sum(map(_leading_varint, _snappy_blocks(data))) > limit:
        raise TooLargeError
    plain: bytes = codec.snappy_decode(data)
    return plain


def _snappy_blocks(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_XERIAL_MAGIC):
        yield data
        return
    at = _XERIAL_HEAD
    while at + 4 <= len(data):
        (size,) = struct.unpack_from("!i", data, at)
        yield data[at + 4 : at + 4 + max(0, size)]
        at += 4 + max(0, size)


def _leading_varint(block: bytes) -> int:
    number = 0
    for index, byte in enumerate(block[:5]):
        number |= (byte & 0x7F) << (_VARINT_BITS * index)
        if byte < 0x80:
            break
    return number


_CODECS: dict[int, Callable[[bytes, int], bytes]] = {
    DefaultRecordBatch.CODEC_GZIP: _gzip,
    DefaultRecordBatch.CODEC_SNAPPY: _snappy,
    DefaultRecordBatch.CODEC_LZ4: _lz4,
    DefaultRecordBatch.CODEC_ZSTD: _zstd,
}
