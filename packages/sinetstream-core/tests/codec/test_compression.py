"""Compression: what is compressed comes back, and nothing else comes through, nor more of it than allowed."""

from __future__ import annotations

import random
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.compression import Gzip, Zstd
from sinetstream.codec.value_types import ByteArray
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import CodecSettings, CompressionSettings
from sinetstream.spi import PluginCompression

MIB = 1 << 20
DATA = b"hello" * 10 + random.Random(1).randbytes(200)
BOTH = pytest.mark.parametrize("kind", [Gzip, Zstd])
WAYS_TO_WRITE = [
    (Gzip, zlib.compress),
    (Zstd, zstandard.ZstdCompressor().compress),
    (Zstd, zstandard.ZstdCompressor(write_content_size=False).compress),
    (Zstd, zstandard.ZstdCompressor(write_checksum=True).compress),
    (Zstd, lambda data: (stream := zstandard.ZstdCompressor().compressobj()).compress(data) + stream.flush()),
]
HOWEVER_WRITTEN = pytest.mark.parametrize(("kind", "write"), WAYS_TO_WRITE)


@BOTH
@pytest.mark.parametrize("level", [None, -1, 1, 9])
@pytest.mark.parametrize("data", [b"", b"x", DATA, bytes(3 * MIB)])
def test_what_is_compressed_comes_back(kind: Any, level: Any, data: bytes) -> None:
    compression = kind(level=level, params={})

    assert data == compression.decompressor(compression.compressor(data))


def test_gzip_is_the_zlib_format() -> None:
    for size in (0, 1, 250, 3 * 1024, 3 * 1024 + 1, MIB):
        data = (DATA * 5000)[:size]
        compressed = Gzip().compressor(data)

        assert data == zlib.decompress(compressed)
        assert len(compressed) == len(zlib.compress(data))


@HOWEVER_WRITTEN
@pytest.mark.parametrize("data", [b"", b"x", DATA, bytes(3 * MIB)], ids=len)
def test_it_is_read_however_it_was_written(kind: Any, write: Callable[[bytes], bytes], data: bytes) -> None:
    assert data == kind().bounded_decompressor(4 * MIB)(write(data))


@HOWEVER_WRITTEN
@pytest.mark.parametrize("data", [b"", DATA])
def test_what_is_cut_off_or_goes_on_is_refused(kind: Any, write: Callable[[bytes], bytes], data: bytes) -> None:
    decompress = kind().bounded_decompressor(MIB)
    whole = write(data)
    for size in range(len(whole)):
        with pytest.raises(InvalidMessageError, match="decompression:"):
            decompress(whole[:size])
    for more in (b"x", whole, bytes(100)):
        with pytest.raises(InvalidMessageError, match="decompression:"):
            decompress(whole + more)


@HOWEVER_WRITTEN
def test_the_limit_is_exact(kind: Any, write: Callable[[bytes], bytes]) -> None:
    for size in (1, 100, 70_000, MIB):
        assert size == len(kind().bounded_decompressor(size)(write(bytes(size))))
        with pytest.raises(InvalidMessageError, match=r"raise compression\.max_decompressed_bytes"):
            kind().bounded_decompressor(size - 1)(write(bytes(size)))


@HOWEVER_WRITTEN
def test_a_bomb_is_refused_within_bounded_memory(kind: Any, write: Callable[[bytes], bytes]) -> None:
    bomb = write(bytes(200 * MIB))
    decompress = kind().bounded_decompressor(8 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidMessageError, match=r"raise compression\.max_decompressed_bytes"):
            decompress(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 2.5 * 8 * MIB  # zlib's blocks, and what they are joined to


@BOTH
def test_noise_and_flipped_bits_are_refused_or_give_bytes(kind: Any) -> None:
    rng = random.Random(2)
    decompress = kind().bounded_decompressor(MIB)
    whole = kind().compressor(DATA)
    flipped = (bytearray(whole) for _ in range(len(whole) * 8))
    for bit, data in enumerate(flipped):
        data[bit // 8] ^= 1 << bit % 8
        _refuses_or_gives_bytes(decompress, bytes(data))
    for _ in range(3000):
        _refuses_or_gives_bytes(decompress, whole[: rng.randrange(12)] + rng.randbytes(rng.randrange(60)))


def _refuses_or_gives_bytes(decompress: Callable[[bytes], bytes], data: bytes) -> None:
    try:
        plain = decompress(data)
    except InvalidMessageError:
        return
    assert type(plain) is bytes


def test_an_empty_zstd_frame_that_is_not_empty_is_refused() -> None:
    """Its header claims no content; libzstd's one-shot function believes it without looking at the blocks."""
    header = bytes.fromhex("28b52ffd80580000000000")[:10]
    rle_blocks = b"".join((1 << 1 | (100_000 << 3) | last).to_bytes(3, "little") + b"x" for last in (0, 1))

    with pytest.raises(InvalidMessageError, match="decompression:"):
        Zstd().bounded_decompressor(MIB)(header + rle_blocks)


@pytest.mark.parametrize(
    ("kind", "level"), [(Gzip, 10), (Gzip, -2), (Gzip, "9"), (Gzip, 1.5), (Zstd, 23), (Zstd, "3"), (Zstd, 10**30)]
)
def test_a_level_that_there_is_not_is_refused_at_construction(kind: Any, level: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(level=level, params={})
    assert caught.value.path == "compression.level"


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (Gzip, {"zdic": b"x"}),
        (Gzip, {"wbits": 99}),
        (Gzip, {"zdict": 5}),
        (Zstd, {"threeds": 2}),
        (Zstd, {"threads": "x"}),
    ],
)
def test_parameters_that_there_are_not_are_refused_at_construction(kind: Any, params: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(level=None, params=params)
    assert caught.value.path in ("compression.gzip", "compression.zstd")


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (Gzip, {"zdict": b"hello"}),
        (Gzip, {"wbits": -15}),
        (Gzip, {"wbits": 31}),
        (Gzip, {"memLevel": 9, "strategy": 2}),
        (Zstd, {"dict_data": b"hello" * 20}),
        (Zstd, {"write_checksum": True}),
        (Zstd, {"write_content_size": False, "threads": 2}),
        (Zstd, {"max_window_size": MIB}),
    ],
)
def test_parameters_count_on_both_sides(kind: Any, params: dict[str, Any]) -> None:
    writer, reader = kind(level=None, params=params), kind(level=None, params=params)

    assert DATA == reader.decompressor(writer.compressor(DATA))


@BOTH
def test_the_level_among_the_parameters_wins(kind: Any) -> None:
    data = b"".join(b"%d," % (n * n) for n in range(3000))
    first, ninth, inside = (
        kind(level, params).compressor(data) for level, params in [(1, {}), (9, {}), (1, {"level": 9})]
    )

    assert ninth == inside != first


def test_without_zstandard_the_error_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['zstandard'] = None\n"
        "from sinetstream.codec.compression import Zstd\n"
        "from sinetstream.errors import InvalidArgumentError\n"
        "try: Zstd()\n"
        "except InvalidArgumentError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert "pip install 'sinetstream-core[zstd]'" in said


class Doubling(PluginCompression):
    """A foreign one, without bounds."""

    @property
    def compressor(self) -> Callable[[bytes], bytes]:
        return lambda data: data[: len(data) // 2]

    @property
    def decompressor(self) -> Callable[[bytes], bytes]:
        return lambda data: data * 2


class Silent:
    """Written before `bounded_decompressor`, and to no base class."""

    def __init__(self, level: Any, params: dict[str, Any]) -> None:
        self.level, self.params = level, params
        self.compressor = lambda _: None
        self.decompressor = lambda _: None


def foreign(kind: type[Any], **settings: Any) -> MessageCodec:
    def load(group: str, _name: str) -> type[Any]:
        return kind if group == "sinetstream.compression" else ByteArray

    return build(CodecSettings(compression=CompressionSettings("foreign", **settings)), load, writing=True)


def test_a_foreign_compression_is_measured_afterwards() -> None:
    codec = foreign(Doubling, max_decompressed_bytes=10)

    assert 10 == len(codec.decode(codec.encode(b"xy" * 5, 0)[0])[0])
    with pytest.raises(InvalidMessageError, match=r"raise compression\.max_decompressed_bytes"):
        codec.decode(codec.encode(b"xy" * 6, 0)[0])


def test_a_foreign_compression_that_gives_no_bytes_is_an_invalid_message() -> None:
    with pytest.raises(InvalidMessageError):
        foreign(Silent).encode(b"value", 0)
    with pytest.raises(InvalidMessageError, match="it must give bytes, it gave NoneType"):
        foreign(Silent).decode(foreign(Doubling).encode(b"value", 0)[0])


def test_a_foreign_compression_that_cannot_be_constructed_is_an_invalid_argument() -> None:
    class Refusing(Doubling):
        def __init__(self, level: Any, params: dict[str, Any]) -> None:
            raise OSError("no such device")

    with pytest.raises(InvalidArgumentError, match="'foreign' does not take these parameters: OSError"):
        foreign(Refusing)
