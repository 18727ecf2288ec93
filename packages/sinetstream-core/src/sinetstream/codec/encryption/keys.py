"""The keys of a service: given ones, and those derived from passwords."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from sinetstream.codec.encryption.cache import CipherCache, Entry
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import EncryptionSettings

if TYPE_CHECKING:
    from sinetstream.codec.encryption.modes import Cipher

__all__ = ["Keys"]

_HIGHEST_VERSION = 32767  # others read the header's field as signed


class Keys:
    """Finds the cipher for a key version and a salt. A given key serves every salt; a password is stretched with it.

    PBKDF2 with HMAC, RFC 8018 section 5.2; `on_derived` is called after each. Raises `InvalidArgumentError` for keys that cannot be used.
    """

    def __init__(
        self, settings: EncryptionSettings, cipher: Callable[[bytes], Cipher], on_derived: Callable[[], object]
    ) -> None:
        _check(settings)
        self._on_derived = on_derived
        self._key_bytes = settings.key_bits // 8
        self._derivation = settings.derivation
        self.highest = max(settings.keys)
        self._versions = frozenset(settings.keys)
        self._passwords = {version: key.value for version, key in settings.keys.items() if key.is_password}
        self._given = {
            version: Entry(cipher(key.value), key.value, verified=True)
            for version, key in settings.keys.items()
            if not key.is_password
        }
        self._derived = CipherCache(self._derive, cipher)

    def version(self, key_version: int | None) -> int:
        """The key version to decrypt with: the highest where the message has none. Raises `InvalidMessageError`."""
        if key_version in self._versions:
            return key_version
        if key_version is None:
            return self.highest
        if key_version == 0:
            raise InvalidMessageError(
                "decryption: the message is not encrypted, and this reader takes none that is not"
            )
        known = ", ".join(map(str, sorted(self._versions)))
        raise InvalidMessageError(f"decryption: key version {key_version} not found: this reader has {known}")

    def get(self, version: int, salt: bytes) -> Entry:
        """The cipher of a version that there is."""
        return self._given.get(version) or self._derived.get(version, salt)

    def own(self, salt: bytes) -> Cipher:
        """The cipher to write with, under a salt of our own."""
        entry = self.get(self.highest, salt)
        if not entry.verified:
            self.verify(self.highest, salt, entry)
        return entry.cipher

    def verify(self, version: int, salt: bytes, entry: Entry) -> None:
        """The writer of this salt had the key."""
        self._derived.verify(version, salt, entry)

    def _derive(self, version: int, salt: bytes) -> bytes:
        way = self._derivation
        key = hashlib.pbkdf2_hmac(way.prf, self._passwords[version], salt, way.iterations, self._key_bytes)
        self._on_derived()
        return key


def _check(settings: EncryptionSettings) -> None:
    if settings.key_bits not in (128, 192, 256):
        raise InvalidArgumentError("crypto.key_length: must be 128, 192 or 256", path="crypto.key_length")
    if not settings.keys:
        raise InvalidArgumentError("crypto: a password or a key is needed", path="crypto")
    for version, key in settings.keys.items():
        if not 1 <= version <= _HIGHEST_VERSION:
            raise InvalidArgumentError(
                f"crypto.keys: {version} is no key version: they are 1 to {_HIGHEST_VERSION}", path="crypto.keys"
            )
        if not key.is_password and len(key.value) * 8 != settings.key_bits:
            raise InvalidArgumentError(
                f"crypto.key: the key of version {version} has {len(key.value) * 8} bits, "
                f"crypto.key_length is {settings.key_bits}",
                path="crypto.key",
            )
    way = settings.derivation
    if way.prf not in hashlib.algorithms_available:
        raise InvalidArgumentError(
            f"crypto.key_derivation.prf: there is no hash {way.prf!r} here", path="crypto.key_derivation.prf"
        )
    if way.iterations < 1 or way.salt_bytes < 0:
        raise InvalidArgumentError(
            "crypto.key_derivation: iteration must be at least 1 and salt_bytes at least 0",
            path="crypto.key_derivation",
        )
