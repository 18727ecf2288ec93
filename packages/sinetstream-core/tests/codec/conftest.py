"""Codecs for tests: built as the session builds them, with a `load` of the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.compression import Gzip, Zstd
from sinetstream.codec.value_types import ByteArray, Json, Text
from sinetstream.settings import (
    CodecSettings,
    CompressionSettings,
    EncryptionSettings,
    KeyDerivation,
    Secret,
)

Load = Callable[[str, str], type[Any]]

PLUGINS: dict[tuple[str, str], type[Any]] = {
    ("sinetstream.value_type", "byte_array"): ByteArray,
    ("sinetstream.value_type", "text"): Text,
    ("sinetstream.value_type", "json"): Json,
    ("sinetstream.compression", "gzip"): Gzip,
    ("sinetstream.compression", "zstd"): Zstd,
}


@pytest.fixture
def load() -> Callable[[str, str], type[Any]]:
    return lambda group, name: PLUGINS[group, name]


@pytest.fixture
def make(load: Load) -> Callable[..., MessageCodec]:
    """A codec for writing and reading; keywords are those of `CodecSettings`."""

    def make_codec(*, writing: bool = True, **settings: Any) -> MessageCodec:
        return build(CodecSettings(**settings), load, writing=writing)

    return make_codec


@pytest.fixture
def crypto() -> Callable[..., EncryptionSettings]:
    """Encryption settings: with `password` where it is given, else with given keys (by default one, 00..0f)."""

    def settings(
        mode: str = "GCM",
        *,
        key_bits: int = 128,
        padded: bool | None = None,
        password: str | None = None,
        keys: dict[int, bytes] | None = None,
        iterations: int = 1,
        salt_bytes: int = 8,
    ) -> EncryptionSettings:
        if password is not None:
            secrets = {1: Secret(password.encode(), is_password=True)}
        else:
            secrets = {v: Secret(k) for v, k in (keys or {1: bytes(range(key_bits // 8))}).items()}
        return EncryptionSettings(
            mode=mode,
            key_bits=key_bits,
            padded=mode == "CBC" if padded is None else padded,
            keys=secrets,
            derivation=KeyDerivation(iterations=iterations, salt_bytes=salt_bytes),
        )

    return settings


@pytest.fixture
def compression() -> Callable[..., CompressionSettings]:
    return CompressionSettings
