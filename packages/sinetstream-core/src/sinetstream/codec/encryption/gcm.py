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

from sinetstream.codec.encryption.buffers import LARGE, poured, room
from sinetstream.errors import InvalidMessageError

__all__ = ["Gcm"]

_TAG_BYTES = 16


class Gcm:
    """AES-GCM under one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._aes = AES(key)

    def seal(self, head: bytes, salt: bytes, iv: bytes, prefix: bytes, payload: bytes, padding: bytes) -> bytes:
        associated = salt + iv
        if len(payload) < LARGE:
            return head + associated + self._aead.encrypt(iv, prefix + payload + padding, associated)
        context = Cipher(self._aes, GCM(iv)).encryptor()
        context.authenticate_additional_data(associated)
        message = poured(context, head + associated, prefix, payload, padding)
        context.finalize()
        message.write(context.tag)
        return message.getvalue()

    def open(self, salt: bytes, iv: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        associated = salt + iv
        try:
            if len(sealed) < LARGE:
                return self._aead.decrypt(iv, sealed, associated)
            plain = room(len(sealed) - _TAG_BYTES)
            with plain.getbuffer() as view:
                self._aead.decrypt_into(iv, sealed, associated, view)
        except InvalidTag as error:
            raise InvalidMessageError("decryption: the message is forged, damaged, or under another key") from error
        return plain
