"""The header of message format 3: `DF 03 00 00`, then the key version as two bytes, big-endian.

It is neither encrypted nor authenticated: what a key version means is up to whoever holds the keys.
"""

from __future__ import annotations

__all__ = ["HEADER_BYTES", "header", "unpack"]

HEADER_BYTES = 6
_MARKER = b"\xdf\x03\x00\x00"


def header(key_version: int) -> bytes:
    """The header of messages under this key version; 0 says that they are not encrypted."""
    return _MARKER + key_version.to_bytes(2, "big")


def unpack(packet: bytes) -> tuple[int | None, int]:
    """The key version and where the body begins; None and 0 for what has no header and may be format 2."""
    if packet.startswith(_MARKER) and len(packet) >= HEADER_BYTES:
        return packet[4] << 8 | packet[5], HEADER_BYTES
    return None, 0
