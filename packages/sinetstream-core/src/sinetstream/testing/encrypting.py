"""Encryption with keys of the kit's own."""

from __future__ import annotations

from typing import Any

__all__ = ["encrypted"]


def encrypted(key: bytes) -> dict[str, Any]:
    """Parameters that encrypt with this key of 32 bytes, whatever a service's own `crypto` asks for."""
    return {"data_encryption": True, "crypto": {"algorithm": "AES", "mode": "GCM", "key_length": 256, "key": key}}
