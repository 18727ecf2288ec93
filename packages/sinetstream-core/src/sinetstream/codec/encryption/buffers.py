"""Large messages are written where they will stay, not joined from parts: one copy less of each."""

from __future__ import annotations

from io import BytesIO

from cryptography.hazmat.primitives.ciphers import CipherContext

__all__ = ["LARGE", "poured", "room"]

LARGE = 32 * 1024
"""From so many bytes on, this is worth its fixed costs."""

_SPARE = 16  # a context that collects blocks asks for room for one more than it fills; a tag may follow too


def room(size: int) -> BytesIO:
    """A buffer of so many bytes. Unlike a bytearray, it gives them away without a copy."""
    buffer = BytesIO()
    buffer.seek(size - 1)
    buffer.write(b"\0")
    return buffer


def poured(context: CipherContext, front: bytes, *parts: bytes | memoryview) -> BytesIO:
    """`front`, then what the context makes of the parts; it stands at its end."""
    at = len(front)
    buffer = room(at + sum(map(len, parts)) + _SPARE)
    with buffer.getbuffer() as view:
        view[:at] = front
        for part in parts:
            at += context.update_into(part, view[at:])
    buffer.seek(at)
    buffer.truncate()
    return buffer
