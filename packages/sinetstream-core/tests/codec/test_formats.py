"""Formats 3 and 2 and user data only, with every layer there is: what is encoded decodes, what does not fit is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from sinetstream.codec import MessageCodec
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import CompressionSettings, EncryptionSettings, ValueTypeSettings

Make = Callable[..., MessageCodec]
Crypto = Callable[..., EncryptionSettings]
Compression = Callable[..., CompressionSettings]

NOW_US = 1_760_000_000_000_123
MODES = [None, "GCM", "EAX", "CBC", "CTR", "OFB", "CFB"]
SIZES = [0, 1, 15, 16, 63, 64, 1000, 40_000, 200_000]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("algorithm", [None, "gzip", "zstd"])
@pytest.mark.parametrize("message_format", [3, 2])
def test_what_is_encoded_decodes(
    mode: str | None, algorithm: str | None, message_format: int, make: Make, crypto: Crypto, compression: Compression
) -> None:
    codec = make(
        message_format=message_format,
        encryption=mode and crypto(mode),
        compression=algorithm and compression(algorithm),
    )
    for size in SIZES:
        value = (bytes(range(256)) * (size // 256 + 1))[:size]

        message, compressed, plain = codec.encode(value, NOW_US)

        assert (value, NOW_US, compressed, plain) == codec.decode(message)
        assert type(message) is bytes
        assert type(codec.decode(message)[0]) is bytes
        assert size == plain
        assert algorithm or size == compressed


@pytest.mark.parametrize("algorithm", [None, "zstd"])
def test_user_data_only_has_neither_header_nor_envelope_nor_time(
    mode: str | None, algorithm: str | None, make: Make, crypto: Crypto, compression: Compression
) -> None:
    codec = make(
        user_data_only=True, encryption=mode and crypto(mode), compression=algorithm and compression(algorithm)
    )
    for size in SIZES:
        message, compressed, plain = codec.encode(bytes(size), NOW_US)

        assert (bytes(size), 0, compressed, plain) == codec.decode(message)
        assert mode or size == 0 or compressed == len(message)


def test_user_data_only_without_layers_is_the_value(make: Make) -> None:
    codec = make(user_data_only=True)

    assert (b"value", 5, 5) == codec.encode(b"value", NOW_US)
    assert (b"value", 0, 5, 5) == codec.decode(b"value")


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_user_data_only_gives_bytes_whatever_the_plugin_received(kind: Callable[[bytes], Any], make: Make) -> None:
    value, *_ = make(user_data_only=True).decode(kind(b"value"))

    assert b"value" == value
    assert type(value) is bytes


def test_user_data_only_refuses_what_are_no_bytes(make: Make) -> None:
    nothing: Any = None
    codec = make(user_data_only=True)
    with pytest.raises(InvalidMessageError, match="NoneType"):
        codec.decode(nothing)
    with pytest.raises(InvalidMessageError, match="value: must be bytes, not NoneType"):
        codec.encode(nothing, NOW_US)


@pytest.mark.parametrize(("key_bits", "padded"), list(product([128, 192, 256], [True, False])))
def test_every_key_length_works_padded_or_not(
    mode: str | None, key_bits: int, padded: bytes, make: Make, crypto: Crypto
) -> None:
    if mode is None or (mode == "CBC" and not padded):
        return
    codec = make(encryption=crypto(mode, key_bits=key_bits, padded=padded))
    for size in SIZES:
        assert bytes(size) == codec.decode(codec.encode(bytes(size), NOW_US)[0])[0]


def test_a_reader_takes_formats_3_and_2_whichever_it_would_write(mode: str | None, make: Make, crypto: Crypto) -> None:
    encryption = mode and crypto(mode)
    for written, configured in product([2, 3], [2, 3]):
        message, _, _ = make(message_format=written, encryption=encryption).encode(b"value", NOW_US)

        assert b"value" == make(message_format=configured, encryption=encryption, writing=False).decode(message)[0]


def test_format_2_is_read_with_the_highest_key(make: Make, crypto: Crypto) -> None:
    old, new = bytes(16), b"n" * 16
    message, _, _ = make(message_format=2, encryption=crypto(keys={1: new})).encode(b"value", NOW_US)

    assert b"value" == make(encryption=crypto(keys={1: old, 2: new})).decode(message)[0]
    with pytest.raises(InvalidMessageError):
        make(encryption=crypto(keys={1: new, 2: old})).decode(message)


def test_the_highest_key_version_writes_and_every_version_reads(make: Make, crypto: Crypto) -> None:
    first, both = crypto(keys={1: bytes(16)}), crypto(keys={1: bytes(16), 300: b"k" * 16})
    reader = make(encryption=both)

    message, _, _ = reader.encode(b"value", NOW_US)

    assert bytes.fromhex("df030000012c") == message[:6]
    assert b"value" == reader.decode(message)[0]
    assert b"value" == reader.decode(make(encryption=first).encode(b"value", NOW_US)[0])[0]
    with pytest.raises(InvalidMessageError, match="key version 300 not found: this reader has 1"):
        make(encryption=first).decode(message)


def test_a_plain_message_is_refused_where_encryption_is_required(mode: str | None, make: Make, crypto: Crypto) -> None:
    if mode is None:
        return
    for message_format in (3, 2):
        message, _, _ = make(message_format=message_format).encode(b"value" * 20, NOW_US)
        with pytest.raises(InvalidMessageError):
            make(encryption=crypto(mode)).decode(message)
    with pytest.raises(InvalidMessageError, match="is not encrypted"):
        make(encryption=crypto(mode)).decode(make().encode(b"", NOW_US)[0])


def test_an_encrypted_message_is_refused_where_there_is_no_key(make: Make, crypto: Crypto) -> None:
    with pytest.raises(InvalidMessageError, match=r"encrypted \(key version 1\), and this reader has no key"):
        make().decode(make(encryption=crypto()).encode(b"value", NOW_US)[0])
    with pytest.raises(InvalidMessageError):
        make().decode(make(encryption=crypto(), message_format=2).encode(b"value", NOW_US)[0])


def test_what_has_no_envelope_is_no_message(make: Make) -> None:
    for raw in (b"", b"\xdf", bytes.fromhex("df0300000000"), b"plain text", bytes.fromhex("df04000000") + b"x" * 30):
        with pytest.raises(InvalidMessageError, match="not a SINETStream message"):
            make().decode(raw)


@pytest.mark.parametrize("received", [None, "text", 5])
def test_what_is_not_even_bytes_is_no_message(received: Any, make: Make) -> None:
    """Kafka calls a record without a value a tombstone; its client gives None."""
    with pytest.raises(InvalidMessageError, match=f"the plugin gave {type(received).__name__}"):
        make().decode(received)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_a_plugin_gives_may_be_like_bytes(kind: Any, make: Make, crypto: Crypto) -> None:
    for settings in ({}, {"encryption": crypto()}):
        codec = make(**settings)
        assert b"value" == codec.decode(kind(codec.encode(b"value", NOW_US)[0]))[0]


@pytest.mark.parametrize(("writer", "reader"), [("gzip", None), (None, "gzip"), ("gzip", "zstd")])
def test_another_compression_is_refused_or_not_noticed_but_never_worse(
    writer: Any, reader: Any, make: Make, compression: Compression
) -> None:
    message, _, _ = make(compression=writer and compression(writer)).encode(b"value", NOW_US)
    codec = make(compression=reader and compression(reader))
    if reader is None:
        assert b"value" != codec.decode(message)[0]
    else:
        with pytest.raises(InvalidMessageError, match="decompression:"):
            codec.decode(message)


def test_an_unknown_message_format_is_refused_when_the_codec_is_built(make: Make) -> None:
    with pytest.raises(InvalidArgumentError, match="message_format"):
        make(message_format=4)


@pytest.mark.parametrize("timestamp_us", [2**63, -(2**63) - 1])
def test_a_timestamp_out_of_range_is_refused(timestamp_us: int, make: Make) -> None:
    with pytest.raises(InvalidMessageError, match="timestamp is out of range"):
        make().encode(b"value", timestamp_us)


def test_a_codec_goes_on_after_a_failure(mode: str | None, make: Make, crypto: Crypto) -> None:
    codec = make(encryption=mode and crypto(mode), value_type=ValueTypeSettings("text"))
    message, _, _ = codec.encode("value", NOW_US)
    for bad in (b"", message[:-1], b"x" * 100):
        with pytest.raises(InvalidMessageError):
            codec.decode(bad)
        assert "value" == codec.decode(message)[0]
    with pytest.raises(InvalidMessageError):
        codec.encode(5, NOW_US)
    assert "value" == codec.decode(codec.encode("value", NOW_US)[0])[0]
