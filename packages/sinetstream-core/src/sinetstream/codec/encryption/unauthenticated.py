"""AES in CBC, OFB and CFB8 (NIST SP 800-38A), for interoperability: none of them can tell what was forged."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from cryptography.hazmat.decrepit.ciphers.modes import CFB8, OFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sinetstream.codec.encryption.buffers import LARGE, poured
from sinetstream.errors import InvalidMessageError

__all__ = ["Unauthenticated", "cbc", "cfb8", "ofb"]


class Unauthenticated:
    """One of these modes under one key."""

    def __init__(self, key: bytes, mode: Callable[[bytes], CBC | CFB8 | OFB]) -> None:
        self._aes = AES(key)
        self._mode = mode

    def seal(self, head: bytes, salt: bytes, iv: bytes, prefix: bytes, payload: bytes, padding: bytes) -> bytes:
        context = Cipher(self._aes, self._mode(iv)).encryptor()
        if len(payload) < LARGE:
            return b"".join((head, salt, iv, context.update(prefix + payload + padding), context.finalize()))
        message = poured(context, head + salt + iv, prefix, payload, padding)
        message.write(context.finalize())
        return message.getvalue()

    def open(self, salt: bytes, iv: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        context = Cipher(self._aes, self._mode(iv)).decryptor()
        try:
            if len(sealed) < LARGE:
                return context.update(sealed) + context.finalize()
            plain = poured(context, b"", sealed)
            plain.write(context.finalize())
        except ValueError as error:  # CBC, of what are no whole blocks
            raise InvalidMessageError("decryption: the message is cut off or damaged") from error
        return plain


def cbc(key: bytes) -> Unauthenticated:
    return Unauthenticated(key, CBC)


def ofb(key: bytes) -> Unauthenticated:
    return Unauthenticated(key, OFB)


def cfb8(key: bytes) -> Unauthenticated:
    return Unauthenticated(key, CFB8)
