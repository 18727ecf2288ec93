"""The compressions that come with the core."""

from __future__ import annotations

from sinetstream.codec.compression.gzip import Gzip
from sinetstream.codec.compression.zstd import Zstd

__all__ = ["Gzip", "Zstd"]
