"""AES-EAX: M. Bellare, P. Rogaway, D. Wagner, "The EAX Mode of Operation", FSE 2004, from CMAC and counter mode."""

from __future__ import annotations

from hmac import compare_digest
from io import BytesIO

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from sinetstream.codec.encryption.buffers import LARGE
from sinetstream.codec.encryption.counter import CounterStream
from sinetstream.errors import InvalidMessageError

__all__ = ["Eax"]

_BLOCK_BYTES = 16


class Eax:
    """AES-EAX under one key. SINETStream's tags are the first 8 bytes: a forgery passes once in 2**64 attempts."""

    def __init__(self, key: bytes, tag_bytes: int = 8) -> None:
        self._tag_bytes = tag_bytes
        self._stream = CounterStream(key)
        self._of_nonce, self._of_header, self._of_ciphertext = (_omac(key, tweak) for tweak in range(3))

    def seal(self, head: bytes, salt: bytes, iv: bytes, prefix: bytes, payload: bytes, padding: bytes) -> bytes:
        associated = salt + iv
        if len(payload) < LARGE:
            return b"".join((head, associated, *self.encrypt(iv, prefix + payload + padding, associated)))
        counter = _finish(self._of_nonce, iv)
        front = head + associated
        message = self._stream.pour(counter, front, prefix, payload, padding)
        with message.getbuffer() as view:
            tag = self._tag(counter, associated, view[len(front) :])
        message.write(tag)
        return message.getvalue()

    def open(self, salt: bytes, iv: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        end = len(sealed) - self._tag_bytes
        return self.decrypt(iv, sealed[:end], sealed[end:], salt + iv)

    def encrypt(self, nonce: bytes, plain: bytes, header: bytes) -> tuple[bytes, bytes]:
        """The ciphertext and the tag."""
        counter = _finish(self._of_nonce, nonce)
        ciphertext = self._stream.add(counter, plain)
        return ciphertext, self._tag(counter, header, ciphertext)

    def decrypt(
        self, nonce: bytes, ciphertext: bytes | memoryview, tag: bytes | memoryview, header: bytes
    ) -> bytes | BytesIO:
        """The plaintext. Raises `InvalidMessageError`, and decrypts nothing, where the tag is another."""
        counter = _finish(self._of_nonce, nonce)
        if not compare_digest(tag, self._tag(counter, header, ciphertext)):
            raise InvalidMessageError("decryption: the message is forged, damaged, or under another key")
        if len(ciphertext) < LARGE:
            return self._stream.add(counter, ciphertext)
        return self._stream.pour(counter, b"", ciphertext)

    def _tag(self, counter: bytes, header: bytes, ciphertext: bytes | memoryview) -> bytes:
        of_header = int.from_bytes(_finish(self._of_header, header))
        of_ciphertext = int.from_bytes(_finish(self._of_ciphertext, ciphertext))
        tag = int.from_bytes(counter) ^ of_header ^ of_ciphertext
        return tag.to_bytes(_BLOCK_BYTES)[: self._tag_bytes]


def _omac(key: bytes, tweak: int) -> CMAC:
    mac = CMAC(AES(key))
    mac.update(tweak.to_bytes(_BLOCK_BYTES))
    return mac


def _finish(begun: CMAC, data: bytes | memoryview) -> bytes:
    mac = begun.copy()
    mac.update(data)  # type: ignore[arg-type]  # it takes every buffer
    return mac.finalize()
