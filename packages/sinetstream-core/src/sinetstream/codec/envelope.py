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
_EIGHT_BYTES = Struct("<Q").unpack_from
_ONE_BYTE = [bytes([n << 1]) for n in range(64)]


def prefix(payload_bytes: int, timestamp_us: int) -> bytes:
    """What stands before a payload of this size, which ends the envelope.

    Raises `InvalidMessageError` for a timestamp beyond a signed 64-bit integer.
    """
    zigzag = timestamp_us << 1
    if 0x2_0000_0000_0000 <= zigzag < 0x100_0000_0000_0000:  # a varint of 8 bytes: the years 1978 to 3111
        zigzag = (zigzag & 0x0000_0000_0FFF_FFFF) | (zigzag & 0x00FF_FFFF_F000_0000) << 4
        zigzag = (zigzag & 0x0000_3FFF_0000_3FFF) | (zigzag & 0x0FFF_C000_0FFF_C000) << 2
        zigzag = (zigzag & 0x007F_007F_007F_007F) | (zigzag & 0x3F80_3F80_3F80_3F80) << 1
        time = (zigzag | 0x0080_8080_8080_8080).to_bytes(8, "little")
    elif -0x8000_0000_0000_0000 <= timestamp_us <= 0x7FFF_FFFF_FFFF_FFFF:
        time = _varint(zigzag ^ (timestamp_us >> 63))
    else:
        raise InvalidMessageError(
            "envelope: the timestamp is out of range: microseconds must fit a signed 64-bit integer"
        )
    return _PREFIX + time + (_ONE_BYTE[payload_bytes] if payload_bytes < 64 else _varint(payload_bytes << 1))


def unpack(packed: bytes | BytesIO, start: int = 0) -> tuple[int, bytes]:
    """The timestamp and the payload of the envelope that begins at `start`; out of a buffer, it is cut without a copy.

    Bytes after the record are ignored. Everything else that an Avro writer would not write is `InvalidMessageError`:
    another schema, a record that ends early, a negative length, a varint longer than its number needs or than 64 bits.
    """
    if isinstance(packed, bytes):
        timestamp_us, at, end = _read(packed, start, len(packed))
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
    at = start + _PREFIX_BYTES
    if len(packed) > at + 8 and (time := _EIGHT_BYTES(packed, at)[0]) & 0x8080_8080_8080_8080 == 0x0080_8080_8080_8080:
        if time < 0x0100_0000_0000_0000:
            raise InvalidMessageError("envelope: a number is longer than it needs to be")
        time = (time & 0x007F_007F_007F_007F) | (time & 0x7F00_7F00_7F00_7F00) >> 1
        time = (time & 0x0000_3FFF_0000_3FFF) | (time & 0x3FFF_0000_3FFF_0000) >> 2
        time = (time & 0x0000_0000_0FFF_FFFF) | (time & 0x0FFF_FFFF_0000_0000) >> 4
        at += 8
    else:
        time, at = _read_varint(packed, at)
    if at < len(packed) and packed[at] < 0x80:
        size = packed[at]
        at += 1
    else:
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
