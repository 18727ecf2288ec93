"""The envelope is an Avro single-object encoded record, as an Avro library reads and writes it."""

from __future__ import annotations

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sinetstream.codec import envelope
from sinetstream.errors import InvalidMessageError

SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "message",
        "namespace": "jp.ad.sinet.stream",
        "fields": [{"name": "tstamp", "type": "long"}, {"name": "msg", "type": "bytes"}],
    }
)
CANONICAL = (
    '{"name":"jp.ad.sinet.stream.message","type":"record","fields":'
    '[{"name":"tstamp","type":"long"},{"name":"msg","type":"bytes"}]}'
)
PREFIX = bytes.fromhex("c3011f9c0c91eb33664f")
INT64 = st.integers(-(2**63), 2**63 - 1)
NOW_US = 1_760_000_000_000_123


def packed(payload: bytes, timestamp_us: int) -> bytes:
    return envelope.prefix(len(payload), timestamp_us) + payload


def test_the_fingerprint_is_the_crc_64_of_the_schema() -> None:
    """Avro, "Schema fingerprints": CRC-64-AVRO, over the canonical form, which has no logical type."""
    empty = 0xC15D213AA4D7A795
    crc = empty
    for byte in CANONICAL.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (empty if crc & 1 else 0)

    assert PREFIX == b"\xc3\x01" + crc.to_bytes(8, "little")
    assert PREFIX == packed(b"", 0)[:10]


def test_the_worked_example() -> None:
    assert PREFIX + bytes.fromhex("80897a06616263") == packed(b"abc", 1_000_000)


@given(payload=st.binary(max_size=300), timestamp_us=INT64 | st.integers(NOW_US - 10**15, NOW_US + 10**15))
def test_fastavro_reads_what_is_packed(payload: bytes, timestamp_us: int) -> None:
    record = fastavro.schemaless_reader(io.BytesIO(packed(payload, timestamp_us)[10:]), SCHEMA, None)

    assert {"tstamp": timestamp_us, "msg": payload} == record


@given(payload=st.binary(max_size=300), timestamp_us=INT64 | st.integers(NOW_US - 10**15, NOW_US + 10**15))
def test_what_fastavro_writes_is_unpacked(payload: bytes, timestamp_us: int) -> None:
    record = io.BytesIO(PREFIX)
    record.seek(0, io.SEEK_END)
    fastavro.schemaless_writer(record, SCHEMA, {"tstamp": timestamp_us, "msg": payload})

    assert (timestamp_us, payload) == envelope.unpack(record.getvalue())


@pytest.mark.parametrize("bits", range(64))
def test_numbers_on_the_edges_of_every_length_come_back(bits: int) -> None:
    for timestamp_us in {t for n in (-1, 0, 1) for t in ((1 << bits) + n, -(1 << bits) + n)}:
        if -(2**63) <= timestamp_us < 2**63:
            assert (timestamp_us, b"x") == envelope.unpack(packed(b"x", timestamp_us))


@pytest.mark.parametrize("size", [0, 1, 63, 64, 127, 128, 8191, 8192, 100_000])
def test_payloads_on_the_edges_of_length_come_back(size: int) -> None:
    assert (NOW_US, bytes(size)) == envelope.unpack(packed(bytes(size), NOW_US))


def test_what_was_packed_before_makes_no_difference() -> None:
    for timestamp_us in (NOW_US, NOW_US + 1, NOW_US + 8_192, -1, 0, NOW_US + 8_191, 1, NOW_US << 10, NOW_US):
        assert (timestamp_us, b"") == envelope.unpack(packed(b"", timestamp_us))


@pytest.mark.parametrize("timestamp_us", [2**63, -(2**63) - 1, 10**30])
def test_a_timestamp_beyond_64_bits_is_refused(timestamp_us: int) -> None:
    with pytest.raises(InvalidMessageError, match="timestamp is out of range"):
        envelope.prefix(0, timestamp_us)


def test_bytes_behind_the_record_are_ignored() -> None:
    assert (NOW_US, b"abc") == envelope.unpack(packed(b"abc", NOW_US) + b"more")


def test_it_is_found_where_it_begins() -> None:
    assert (NOW_US, b"abc") == envelope.unpack(b"header" + packed(b"abc", NOW_US), 6)


@pytest.mark.parametrize("size", [0, 5, 100_000])
def test_out_of_a_buffer_it_is_the_same(size: int) -> None:
    payload = bytes(range(256)) * (size // 256 + 1)
    buffer = io.BytesIO(b"head" + packed(payload, NOW_US) + b"tail")

    assert (NOW_US, payload) == envelope.unpack(buffer, 4)


@pytest.mark.parametrize("timestamp_us", [0, 1_000_000, NOW_US, -1])
def test_every_truncation_is_refused(timestamp_us: int) -> None:
    whole = packed(b"x" * 70, timestamp_us)
    for size in range(len(whole)):
        with pytest.raises(InvalidMessageError, match="envelope:"):
            envelope.unpack(whole[:size])
        with pytest.raises(InvalidMessageError, match="envelope:"):
            envelope.unpack(io.BytesIO(whole[:size]))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("00 01", "length is negative"),
        ("00 7f", "length is negative"),
        ("80 00 02 78", "longer than it needs"),
        ("ff ff ff ff ff ff ff 00 02 78 00 00", "longer than it needs"),
        ("00 82 00 78", "longer than it needs"),
        ("ff ff ff ff ff ff ff ff ff 02 02 78", "longer than 64 bits"),
        ("ff ff ff ff ff ff ff ff ff ff 01 02 78", "longer than 64 bits"),
        ("00 fe ff ff ff ff ff ff ff ff 01 78", "cut off"),
        ("00 04 78", "cut off"),
    ],
)
def test_what_no_avro_writer_writes_is_refused(record: Any, why: str) -> None:
    with pytest.raises(InvalidMessageError, match=why):
        envelope.unpack(PREFIX + bytes.fromhex(record))


@given(st.binary(max_size=40))
def test_any_record_is_a_message_that_packs_to_the_same_or_is_refused(record: Any) -> None:
    try:
        timestamp_us, payload = envelope.unpack(PREFIX + record)
    except InvalidMessageError:
        return
    assert (PREFIX + record).startswith(packed(payload, timestamp_us))
