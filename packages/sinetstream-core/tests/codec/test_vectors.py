"""Messages that the published peer wrote are read here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream.codec import MessageCodec
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import CompressionSettings, EncryptionSettings

Make = Callable[..., MessageCodec]
Crypto = Callable[..., EncryptionSettings]
Compression = Callable[..., CompressionSettings]

VECTORS = tomllib.loads((Path(__file__).parent / "vectors.toml").read_text())["vector"]
HERE = [vector for vector in VECTORS if "refused" not in vector]
SECOND = 1_000_000


def settings(vector: dict[str, Any], crypto: Crypto, compression: Compression) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "mode" in vector:
        keys = {int(version): bytes.fromhex(key) for version, key in vector.get("keys", {}).items()}
        options["encryption"] = crypto(
            vector["mode"],
            key_bits=vector["key_bits"],
            padded=vector.get("padded", False),
            password=vector.get("password"),
            keys=keys or None,
            iterations=10_000,
        )
    if "compression" in vector:
        options["compression"] = compression(vector["compression"])
    return options


@pytest.mark.parametrize("vector", HERE, ids=lambda vector: vector["case"])
def test_a_message_of_the_peer_is_read(
    vector: dict[str, Any], make: Make, crypto: Crypto, compression: Compression
) -> None:
    codec = make(writing=False, **settings(vector, crypto, compression))

    value, timestamp_us, _, plain_size = codec.decode(bytes.fromhex(vector["message"]))

    assert vector.get("value", "hello").encode() == value
    assert timestamp_us == SECOND
    assert plain_size == len(value)


def test_a_plain_message_is_the_peers_byte_for_byte(make: Make) -> None:
    assert bytes.fromhex(HERE[0]["message"]) == make().encode(b"hello", SECOND)[0]


@pytest.mark.parametrize(
    ("mode", "size"), [("GCM", 6 + 8 + 16 + 19 + 16), ("EAX", 6 + 8 + 16 + 19 + 8), ("CBC", 6 + 8 + 16 + 32)]
)
def test_an_encrypted_message_has_the_size_of_the_peers(
    mode: str | None, size: int, make: Make, crypto: Crypto
) -> None:
    message, compressed, plain = make(encryption=crypto(mode)).encode(b"hello", SECOND)

    assert (size, 5, 5) == (len(message), compressed, plain)


def test_openpgp_is_refused_when_the_codec_is_built(make: Make, crypto: Crypto) -> None:
    with pytest.raises(InvalidArgumentError, match=r"crypto\.mode: 'OPENPGP' is none of GCM, EAX"):
        make(encryption=crypto("OPENPGP"))


def test_every_vector_of_the_reference_is_here() -> None:
    assert len(VECTORS) == 15
    assert {vector["case"] for vector in VECTORS if "refused" in vector} == {"OPENPGP-128 password", "`hello`x10, lz4"}
