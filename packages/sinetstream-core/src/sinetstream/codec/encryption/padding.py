"""PKCS#7 padding to blocks of 16 bytes (RFC 5652, section 6.3)."""

from __future__ import annotations

from io import BytesIO

from sinetstream.errors import InvalidMessageError

__all__ = ["padding", "unpad"]

_PADDING = [bytes([n]) * n for n in range(17)]


def padding(size: int) -> bytes:
    """What follows so many bytes."""
    return _PADDING[16 - size % 16]


def unpad(padded: bytes | BytesIO) -> bytes | BytesIO:
    """What was padded; a buffer is cut. Raises `InvalidMessageError` where the padding is not whole."""
    if isinstance(padded, bytes):
        return padded[: _end(padded[-16:], len(padded))]
    with padded.getbuffer() as view:
        end = _end(bytes(view[-16:]), len(view))
    padded.truncate(end)
    return padded


def _end(last: bytes, total: int) -> int:
    size = last[-1] if last else 0
    if not 1 <= size <= 16 or total % 16 or not last.endswith(_PADDING[size]):
        raise InvalidMessageError("decryption: the message is damaged, or under another key")
    return total - size
