"""What stands in the place of encryption when a service has keys."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from os import urandom

from sinetstream.codec import envelope
from sinetstream.codec.encryption.keys import Keys
from sinetstream.codec.encryption.modes import Mode, mode_named
from sinetstream.codec.encryption.padding import padding, unpad
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import EncryptionSettings

__all__ = ["Encrypted", "encryption"]

_IV_BYTES = 16
_BLOCK_BYTES = 16
_LARGE = 32 * 1024  # from here on a view costs less than a copy


def encryption(
    settings: EncryptionSettings, *, writing: bool, enveloped: bool, on_derived: Callable[[], object]
) -> Encrypted:
    """The layer for these settings; `on_derived` is called for each key derived from a password.

    Raises `InvalidArgumentError` for settings that fit no cipher.
    """
    mode = mode_named(settings.mode)
    if mode.needs_padding and not settings.padded:
        raise InvalidArgumentError(f"crypto.padding: mode {settings.mode} needs pkcs7", path="crypto.padding")
    return Encrypted(settings, mode, Keys(settings, mode.cipher, on_derived), writing=writing, enveloped=enveloped)


class Encrypted:
    """Encrypts under the highest key version with a salt and key chosen when this is built; decrypts under every version.

    Both ways from several threads at once. In an authenticated mode (GCM, EAX) whatever was not written with the key
    is refused. In the others forgery cannot be noticed here; there, an envelope that came out whole is taken as
    the proof that the writer of a salt had the key, since without the key its first ten bytes are a guess among 2**80.
    User data alone prove nothing: their salts stay in the places for unverified ones.
    """

    def __init__(self, settings: EncryptionSettings, mode: Mode, keys: Keys, *, writing: bool, enveloped: bool) -> None:
        self.key_version = keys.highest
        self._keys = keys
        self._salt_bytes = settings.derivation.salt_bytes
        self._padded = settings.padded
        self._least_sealed = mode.tag_bytes + (_BLOCK_BYTES if settings.padded else 0)
        self._verifies: Callable[[bytes | BytesIO], bool] = (
            _always if mode.authenticated else envelope.begins if enveloped else _never
        )
        self._salt = urandom(self._salt_bytes)
        self._seal = keys.own(self._salt).seal if writing else _cannot_seal

    def encrypt(self, head: bytes, prefix: bytes, payload: bytes) -> bytes:
        end = padding(len(prefix) + len(payload)) if self._padded else b""
        return self._seal(head, self._salt, urandom(_IV_BYTES), prefix, payload, end)

    def decrypt(self, message: bytes, start: int, key_version: int | None) -> tuple[bytes | BytesIO, int]:
        version = self._keys.version(key_version)
        salt_end = start + self._salt_bytes
        sealed_at = salt_end + _IV_BYTES
        size = len(message)
        if size < sealed_at + self._least_sealed:
            raise InvalidMessageError("decryption: the message is cut off")
        salt = message[start:salt_end]
        key = self._keys.get(version, salt)
        sealed = message[sealed_at:] if size < _LARGE else memoryview(message)[sealed_at:]
        plain = key.cipher.open(salt, message[salt_end:sealed_at], sealed)
        if self._padded:
            plain = unpad(plain)
        if not key.verified and self._verifies(plain):
            self._keys.verify(version, salt, key)
        return plain, 0


def _always(_plain: bytes | BytesIO) -> bool:
    return True


def _never(_plain: bytes | BytesIO) -> bool:
    return False


def _cannot_seal(*_parts: bytes) -> bytes:
    raise InvalidMessageError("encryption: this codec was built for reading and has no key to encrypt with")
