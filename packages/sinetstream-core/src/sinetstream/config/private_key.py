"""The private key that opens encrypted values."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

from sinetstream.errors import InvalidConfigError

__all__ = ["PrivateKey"]

_PASSPHRASE = "SINETSTREAM_PRIVATE_KEY_PASSPHRASE"  # noqa: S105  the name of a variable
_HEADER = b"\x00\x01\x01\x01"  # version 1, RSA, AES-GCM
_NONCE_BYTES = 12
_TAG_BYTES = 16
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PrivateKey:
    """An RSA key of the user's. What it cannot do is an `InvalidConfigError` without a path."""

    __slots__ = ("_key", "_name")

    def __init__(self, key: RSAPrivateKey, name: str) -> None:
        self._key = key
        self._name = name

    @classmethod
    def load(cls) -> PrivateKey:
        """From `~/.config/sinetstream/private_key.pem` (PEM: PKCS#1, PKCS#8 or OpenSSH).

        A passphrase is taken from the environment, never asked for. A file that others than its owner can read is
        refused.
        """
        try:
            file = Path("~/.config/sinetstream/private_key.pem").expanduser()
        except RuntimeError:
            raise InvalidConfigError("needs a private key, and there is no home directory to find it in") from None
        key = _parsed(_content(file), file)
        if not isinstance(key, RSAPrivateKey):
            raise InvalidConfigError(f"needs an RSA private key; {file} is another kind")
        return cls(key, str(file))

    def open(self, container: bytes) -> bytes:
        """What is in the container, verified."""
        if container[: len(_HEADER)] != _HEADER:
            raise InvalidConfigError("is not a secret of version 1 (RSA, AES-GCM)")
        wrapped_end = len(_HEADER) + (self._key.key_size + 7) // 8
        start = wrapped_end + _NONCE_BYTES
        if len(container) < start + _TAG_BYTES:
            raise InvalidConfigError(f"is cut short, or not encrypted for the private key {self._name}")
        try:
            aes = AESGCM(self._key.decrypt(container[len(_HEADER) : wrapped_end], OAEP(MGF1(SHA256()), SHA256(), None)))
        except ValueError:
            raise InvalidConfigError(f"is not encrypted for the private key {self._name}") from None
        try:
            return aes.decrypt(container[wrapped_end:start], container[start:], container[:start])
        except InvalidTag:
            raise InvalidConfigError("was altered after it was encrypted") from None


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            if os.name == "posix" and os.fstat(stream.fileno()).st_mode & _OTHERS:
                raise InvalidConfigError(f"others can read the private key; run: chmod 600 {file}")
            return stream.read()
    except OSError as error:
        raise InvalidConfigError(f"cannot read the private key {file}: {error.strerror}") from None


def _parsed(pem: bytes, file: Path) -> Any:
    load = load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in pem else load_pem_private_key
    passphrase = os.environ.get(_PASSPHRASE, "").encode("utf-8", "surrogateescape") or None
    try:
        try:
            return load(pem, passphrase)
        except TypeError:
            if passphrase is None:
                raise
            return load(pem, None)  # a key without a passphrase needs none
    except TypeError:
        raise InvalidConfigError(f"the private key {file} has a passphrase; set {_PASSPHRASE}") from None
    except (ValueError, UnsupportedAlgorithm):
        hint = f", or {_PASSPHRASE} is wrong" if passphrase else ""
        raise InvalidConfigError(f"cannot use the private key {file}: it is no private key in PEM form{hint}") from None
