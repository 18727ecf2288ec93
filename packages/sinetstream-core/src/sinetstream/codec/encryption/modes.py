"""The modes of AES by their names in the configuration."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple, Protocol

from sinetstream.codec.encryption.counter import Ctr
from sinetstream.codec.encryption.eax import Eax
from sinetstream.codec.encryption.gcm import Gcm
from sinetstream.codec.encryption.unauthenticated import cbc, cfb8, ofb
from sinetstream.errors import InvalidArgumentError

__all__ = ["Cipher", "Mode", "mode_named"]


class Cipher(Protocol):
    """A mode with a key, usable from several threads at once. Where it authenticates, salt and IV (16 bytes) are in it."""

    def seal(self, head: bytes, salt: bytes, iv: bytes, prefix: bytes, payload: bytes, padding: bytes) -> bytes:
        """`head`, salt, IV, then prefix, payload and padding as one ciphertext, and the tag, all in one piece."""
        ...

    def open(self, salt: bytes, iv: bytes, sealed: bytes | memoryview) -> bytes | BytesIO:
        """What was sealed. Raises `InvalidMessageError` where this cipher did not seal it, as far as it can tell."""
        ...


class Mode(NamedTuple):
    """What the layer must know of a mode; `cipher` takes the key."""

    cipher: Callable[[bytes], Cipher]
    tag_bytes: int = 0
    needs_padding: bool = False

    @property
    def authenticated(self) -> bool:
        return self.tag_bytes > 0


_MODES = {
    "GCM": Mode(Gcm, tag_bytes=16),
    "EAX": Mode(Eax, tag_bytes=8),
    "CBC": Mode(cbc, needs_padding=True),
    "CTR": Mode(Ctr),
    "OFB": Mode(ofb),
    "CFB": Mode(cfb8),
}


def mode_named(name: str) -> Mode:
    """Raises `InvalidArgumentError` for a name that there is no mode for."""
    if name not in _MODES:
        raise InvalidArgumentError(f"crypto.mode: {name!r} is none of {', '.join(_MODES)}", path="crypto.mode")
    return _MODES[name]
