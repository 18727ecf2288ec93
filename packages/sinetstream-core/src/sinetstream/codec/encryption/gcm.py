"""AES-GCM as SINETStream has it: a random nonce of 16 bytes, a tag of 16, salt and nonce authenticated too.

NIST SP 800-38D. A nonce that is not 96 bits long goes through GHASH first, so that random ones may collide after about 2**64
messages under one key; section 8.3 asks for fewer than 2**32, and every writer has a salt, hence a key, of its own.
"""

from __future__ import annotations

from io import BytesIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from sinetstream.errors import InvalidMessageError

__all__ = ["Gcm"]

_NONCE_BYTES = 16
_TAG_BYTES = 16
_LARGE = 32 * 1024  # from here on writing in place is worth its fixed costs


class Gcm:
    """AES-GCM under one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._aes = AES(key)

    def seal(self, head: bytes, associated: bytes, prefix: bytes, payload: bytes) -> bytes:
        nonce = associated[-_NONCE_BYTES:]
        if len(payload) < _LARGE:
            return b"".join((head, associated, self._aead.encrypt(nonce, prefix + payload, associated)))
        message, at = _room(head + associated, len(prefix) + len(payload) + _TAG_BYTES)
        context = Cipher(self._aes, GCM(nonce)).encryptor()
        context.authenticate_additional_data(associated)
        with message.getbuffer() as view:
            for part in prefix, payload:
                at += context.update_into(part, view[at:])
            context.finalize()
            view[at:] = context.tag
        return message.getvalue()

    def open(self, associated: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        nonce = associated[-_NONCE_BYTES:]
        try:
            if len(sealed) < _LARGE:
                return self._aead.decrypt(nonce, sealed, associated)
            plain, _ = _room(b"", len(sealed) - _TAG_BYTES)
            with plain.getbuffer() as view:
                self._aead.decrypt_into(nonce, sealed, associated, view)
        except InvalidTag as error:
            raise InvalidMessageError("decryption: the message is forged, damaged, or under another key") from error
        return plain


def _room(front: bytes, size: int) -> tuple[BytesIO, int]:
    buffer = BytesIO()  # unlike a bytearray, it gives its bytes away without a copy
    at = buffer.write(front)
    buffer.seek(at + size - 1)
    buffer.write(b"\0")
    return buffer, at
