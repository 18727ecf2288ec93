"""Values become the bytes of a message here, and bytes become values: pure functions of what they are given."""

from __future__ import annotations

from sinetstream.codec.build import build
from sinetstream.codec.codec import MessageCodec

__all__ = ["MessageCodec", "build"]
