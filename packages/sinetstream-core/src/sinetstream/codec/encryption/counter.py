"""AES in counter mode: the IV is the first counter block, counted up as one 128-bit big-endian number."""

from __future__ import annotations

from io import BytesIO

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from sinetstream.codec.encryption.buffers import LARGE, poured

__all__ = ["CounterStream", "Ctr"]


class CounterStream:
    """Adds the key stream that begins at a counter block; the same again takes it away.

    NIST SP 800-38A, section 6.5. To start a context anew takes a tenth of making one: those not in use are kept, one for each
    thread that was ever in here at the same time as others.
    """

    def __init__(self, key: bytes) -> None:
        self._aes = AES(key)
        self._idle: list[CipherContext] = []

    def add(self, counter: bytes, data: bytes | memoryview) -> bytes:
        try:
            context = self._idle.pop()
            context.reset_nonce(counter)
        except IndexError:
            context = Cipher(self._aes, CTR(counter)).encryptor()
        result = context.update(data)
        self._idle.append(context)
        return result

    def pour(self, counter: bytes, front: bytes, *parts: bytes | memoryview) -> BytesIO:
        """For large ones: `front`, then the parts with the key stream added."""
        return poured(Cipher(self._aes, CTR(counter)).encryptor(), front, *parts)


class Ctr:
    """Counter mode under one key. It cannot tell what was forged."""

    def __init__(self, key: bytes) -> None:
        self._stream = CounterStream(key)

    def seal(self, head: bytes, salt: bytes, iv: bytes, prefix: bytes, payload: bytes, padding: bytes) -> bytes:
        if len(payload) < LARGE:
            return b"".join((head, salt, iv, self._stream.add(iv, prefix + payload + padding)))
        return self._stream.pour(iv, head + salt + iv, prefix, payload, padding).getvalue()

    def open(self, salt: bytes, iv: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        return self._stream.add(iv, sealed) if len(sealed) < LARGE else self._stream.pour(iv, b"", sealed)
