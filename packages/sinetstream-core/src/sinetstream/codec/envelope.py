"""The Avro envelope: a timestamp and the bytes it belongs to, as one single-object encoded record.

Avro 1.11, "Single-object encoding": `C3 01`, then the CRC-64-AVRO fingerprint of the schema's parsing canonical form
(little-endian), then the record's fields. The schema is the record `jp.ad.sinet.stream.message` with `tstamp`
(long, microseconds since 1970) and `msg` (bytes).
"""

from __future__ import annotations

from io import BytesIO
from struct import Struct

from sinetstream.errors import InvalidMessageError

__all__ = ["begins", "prefix", "unpack"]

_PREFIX = b"\xc3\x01\x1f\x9c\x0c\x91\xeb\x33\x66\x4f"
_PREFIX_BYTES = 10
_MAX_VARINT_BYTES = 10
_MAX_HEAD_BYTES = _PREFIX_BYTES + 2 * _MAX_VARINT_BYTES

# The common case in one step each way: a timestamp of 8 bytes (1978 to 3111), a length of one byte or two (up to 8191).
_SMALLEST = Struct("<10sH6sB").pack
_SMALL = Struct("<10sH6sBB").pack
_READ_SMALL = Struct("<10sQBB").unpack_from
_SMALL_BYTES = 20
_LOWER_BITS = 13  # of a timestamp; with the sign, two bytes
_lately: tuple[int | None, bytes] = None, b""  # the other bits of the last usual timestamp, and their encoding
_USUAL = 0x8080_8080_8080_8081  # which byte is the last, and the sign


def prefix(payload_bytes: int, timestamp_us: int) -> bytes:
    """What stands before a payload of this size, which ends the envelope.

    Raises `InvalidMessageError` for a timestamp beyond a signed 64-bit integer.
    """
    upper = timestamp_us >> _LOWER_BITS
    lately, late_bytes = _lately
    if (upper == lately or 0x1_0000_0000_0000 <= timestamp_us < 0x80_0000_0000_0000) and payload_bytes < 0x2000:
        if upper != lately:
            late_bytes = _late(upper)
        lower = timestamp_us & 0x1FFF
        lower = (lower << 1 & 0x7E) | (lower << 2 & 0x7F00) | 0x8080
        if payload_bytes < 0x40:
            return _SMALLEST(_PREFIX, lower, late_bytes, payload_bytes << 1)
        return _SMALL(_PREFIX, lower, late_bytes, (payload_bytes << 1 & 0x7E) | 0x80, payload_bytes >> 6)
    if not -0x8000_0000_0000_0000 <= timestamp_us <= 0x7FFF_FFFF_FFFF_FFFF:
        raise InvalidMessageError(
            "envelope: the timestamp is out of range: microseconds must fit a signed 64-bit integer"
        )
    return _PREFIX + _varint(timestamp_us << 1 ^ timestamp_us >> 63) + _varint(payload_bytes << 1)


def _late(upper: int) -> bytes:
    """The six bytes of a usual timestamp that are the same for 8 ms."""
    global _lately  # noqa: PLW0603  a cache of one: whoever writes it last is as good
    encoded = _varint(upper)
    _lately = upper, encoded
    return encoded


def unpack(packed: bytes | BytesIO, start: int = 0) -> tuple[int, bytes]:
    """The timestamp and the payload of the envelope that begins at `start`; out of a buffer, it is cut without a copy.

    Bytes after the record are ignored. Everything else that an Avro writer would not write is `InvalidMessageError`:
    another schema, a record that ends early, a negative length, a varint longer than its number needs or than 64 bits.
    """
    if isinstance(packed, bytes):
        total = len(packed)
        if total - start >= _SMALL_BYTES:
            marker, time, low, high = _READ_SMALL(packed, start)
            if marker == _PREFIX and time & _USUAL == 0x0080_8080_8080_8080 and time > 0x00FF_FFFF_FFFF_FFFF:
                at = start + _SMALL_BYTES
                if low < 0x80:
                    at -= 1
                else:
                    low = low + (high << 7) - 0x80 if 0 < high < 0x80 else 1
                end = at + (low >> 1)
                if not low & 1 and end <= total:
                    time = (time & 0x007F_007F_007F_007F) | (time & 0x7F00_7F00_7F00_7F00) >> 1
                    time = (time & 0x0000_3FFF_0000_3FFF) | (time & 0x3FFF_0000_3FFF_0000) >> 2
                    time = (time & 0x0000_0000_0FFF_FFFF) | (time & 0x0FFF_FFFF_0000_0000) >> 4
                    return time >> 1, packed[at:end]
        timestamp_us, at, end = _read(packed, start, total)
        return timestamp_us, packed[at:end]
    with packed.getbuffer() as view:
        timestamp_us, at, end = _read(bytes(view[start : start + _MAX_HEAD_BYTES]), 0, len(view) - start)
        size = end - at
        view[:size] = view[start + at : start + end]
    packed.truncate(size)
    return timestamp_us, packed.getvalue()


def begins(packed: bytes | BytesIO) -> bool:
    """Whether this looks like an envelope: bytes that are no message pass for one once in 2**80 times."""
    return (packed if isinstance(packed, bytes) else packed.getvalue()).startswith(_PREFIX)


def _read(packed: bytes, start: int, total: int) -> tuple[int, int, int]:
    if not packed.startswith(_PREFIX, start):
        raise InvalidMessageError(
            "envelope: this is not a SINETStream message, or it was written with other settings for encryption, "
            "message_format or user_data_only than this reader has"
        )
    time, at = _read_varint(packed, start + _PREFIX_BYTES)
    size, at = _read_varint(packed, at)
    if size & 1:
        raise InvalidMessageError("envelope: the length is negative")
    end = at + (size >> 1)
    if end > total:
        raise InvalidMessageError("envelope: the message is cut off")
    return (time >> 1) ^ -(time & 1), at, end


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(packed: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 7 * _MAX_VARINT_BYTES, 7):
        if at >= len(packed):
            raise InvalidMessageError("envelope: the message is cut off")
        byte = packed[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise InvalidMessageError("envelope: a number is longer than it needs to be")
            if number >> 64:
                break
            return number, at
    raise InvalidMessageError("envelope: a number is longer than 64 bits")
