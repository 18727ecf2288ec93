"""What a service is configured to be: frozen data that `config` produces and `codec` and the session are built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sinetstream.consistency import Consistency

__all__ = [
    "CodecSettings",
    "CompressionSettings",
    "EncryptionSettings",
    "KeyDerivation",
    "OnInvalid",
    "Secret",
    "ServiceSettings",
    "ValueTypeSettings",
]


OnInvalid = Literal["raise", "skip"] | Callable[[bytes, str | None, Any, Exception], Any]
"""What a reader does with bytes it cannot decode; a callable gets payload, topic, raw and the error."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Bytes that never print; `is_password` says whether a key is derived from them or they are the key."""

    value: bytes = field(repr=False)
    is_password: bool = False

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """PBKDF2 with HMAC; `prf` is the name of the hash as `hashlib` has it."""

    prf: str = "sha256"
    salt_bytes: int = 8
    iterations: int = 10_000


@dataclass(frozen=True, slots=True)
class EncryptionSettings:
    """AES: `mode` is GCM, EAX, CBC, CTR, OFB or CFB; `keys` maps each key version (1 to 32767) to its secret.

    The highest version encrypts.
    """

    mode: str
    key_bits: int
    padded: bool
    keys: Mapping[int, Secret]
    derivation: KeyDerivation = KeyDerivation()


@dataclass(frozen=True, slots=True)
class CompressionSettings:
    """The name of a compression plugin, its level (None: its own default) and further parameters."""

    algorithm: str = "gzip"
    level: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    max_decompressed_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ValueTypeSettings:
    """The name of a value type and the keyword arguments it is constructed with."""

    name: str = "byte_array"
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodecSettings:
    """How values become bytes and back. A serializer or deserializer of the user's replaces the value type's."""

    value_type: ValueTypeSettings = ValueTypeSettings()
    serializer: Callable[[Any], bytes] | None = field(default=None, repr=False)
    deserializer: Callable[[bytes], Any] | None = field(default=None, repr=False)
    compression: CompressionSettings | None = None
    encryption: EncryptionSettings | None = None
    message_format: int = 3
    user_data_only: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One service as one reader or writer sees it. Times are in milliseconds, sizes in bytes.

    `topics` is what was asked for, in order: empty where nothing was. `params` is the merged mapping as configured; the
    session deep-copies it for each plugin and puts the resolved values in. `path` is where errors say the service is,
    `version` that of the file, 3 without one.
    """

    service: str | None
    type: str
    topics: tuple[str, ...]
    topics_as_given: str | list[str] | None
    consistency: Consistency
    client_id: str
    receive_timeout_ms: float
    publish_timeout_ms: float
    close_timeout_ms: float
    max_pending_bytes: int
    on_invalid: OnInvalid
    codec: CodecSettings
    params: Mapping[str, Any]
    path: str
    version: int = 3
