"""What stands around the payload: envelope and header (format 3), the envelope alone (format 2), or nothing."""

from __future__ import annotations

from io import BytesIO

from sinetstream.codec import envelope, header

__all__ = ["Enveloped", "UserDataOnly"]


class Enveloped:
    """Formats 3 and 2. Which one is written is a matter of `head` alone; both are read."""

    def __init__(self, message_format: int, key_version: int) -> None:
        self._header = header.header(key_version)
        self._found = key_version, header.HEADER_BYTES
        self.head = self._header if message_format == 3 else b""

    prefix = staticmethod(envelope.prefix)
    unpack = staticmethod(envelope.unpack)

    def unpack_head(self, message: bytes) -> tuple[int | None, int]:
        return self._found if message.startswith(self._header) else header.unpack(message)


class UserDataOnly:
    """The payload and nothing else: the timestamp is not sent, and read as 0."""

    head = b""

    def prefix(self, payload_bytes: int, timestamp_us: int) -> bytes:
        return b""

    def unpack(self, packed: bytes | BytesIO, start: int) -> tuple[int, bytes]:
        return 0, packed[start:] if isinstance(packed, bytes) else packed.getvalue()[start:]

    def unpack_head(self, message: bytes) -> tuple[int | None, int]:
        return None, 0
