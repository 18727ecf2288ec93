"""PKCS#7 padding to blocks of 16 bytes (RFC 5652, section 6.3)."""

from __future__ import annotations

from sinetstream.errors import InvalidMessageError

__all__ = ["pad", "unpad"]

_PADDING = [bytes([n]) * n for n in range(17)]


def pad(plain: bytes) -> bytes:
    return plain + _PADDING[16 - len(plain) % 16]


def unpad(padded: bytes) -> bytes:
    """What was padded. Raises `InvalidMessageError` where the padding is not whole."""
    size = padded[-1] if padded else 0
    if not 1 <= size <= 16 or len(padded) % 16 or not padded.endswith(_PADDING[size]):
        raise InvalidMessageError("decryption: the message is damaged, or under another key")
    return padded[:-size]
