"""The encryption layer: `salt | iv | ciphertext | tag`, with AES in one of six modes."""

from __future__ import annotations

from sinetstream.codec.encryption.layer import encryption

__all__ = ["encryption"]
