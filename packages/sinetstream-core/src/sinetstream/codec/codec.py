"""From a value to the bytes of a message and back: the layers, in the order that is the wire format."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

from sinetstream.errors import InvalidMessageError
from sinetstream.spi.interruption import is_interruption

__all__ = ["Encryption", "Framing", "MessageCodec", "PayloadCodec"]


class Encryption(Protocol):
    """What stands in the place of the encryption layer; `key_version` is the one it encrypts under, 0 for none."""

    key_version: int

    def encrypt(self, head: bytes, prefix: bytes, payload: bytes) -> bytes:
        """The message: `head`, then prefix and payload encrypted. In one call, so that a payload is copied once."""
        ...

    def decrypt(self, message: bytes, start: int, key_version: int | None) -> tuple[bytes | BytesIO, int]:
        """The decrypted body begins at the index that comes with it; of large messages it may be a buffer to cut from."""
        ...


class Framing(Protocol):
    """What stands in the places of the envelope and of the header."""

    head: bytes

    def prefix(self, payload_bytes: int, timestamp_us: int) -> bytes: ...

    def unpack(self, packed: bytes | BytesIO, start: int) -> tuple[int, bytes]: ...

    def unpack_head(self, message: bytes) -> tuple[int | None, int]: ...


class MessageCodec:
    """Encodes and decodes the messages of one service. Both may be called from several threads at once.

    `build` makes one from settings. A failure of either function changes nothing: the next call is as good as the first.
    """

    def __init__(
        self,
        *,
        serialize: Callable[[Any], bytes] | None,
        deserialize: Callable[[bytes], Any] | None,
        compress: Callable[[bytes], bytes] | None,
        decompress: Callable[[bytes], bytes] | None,
        framing: Framing,
        encryption: Encryption,
    ) -> None:
        self._serialize = serialize
        self._deserialize = deserialize
        self._compress = compress
        self._decompress = decompress
        self._head = framing.head
        self._prefix = framing.prefix
        self._unpack = framing.unpack
        self._unpack_head = framing.unpack_head
        self._encrypt = encryption.encrypt
        self._decrypt = encryption.decrypt

    def encode(self, value: Any, timestamp_us: int) -> tuple[bytes, int, int]:
        """The message that carries `value`, the size of the value compressed, and its size before that.

        Raises `InvalidMessageError` for a value that cannot be a message, with what the serializer or compressor
        raised as its cause.
        """
        stage = "serializer"
        try:
            plain = value if self._serialize is None else self._serialize(value)
            if type(plain) is not bytes:
                plain = self._as_bytes(plain)
            stage = "compression"
            compressed = plain if self._compress is None else self._compress(plain)
            stage = "envelope"
            prefix = self._prefix(len(compressed), timestamp_us)
            stage = "encryption"
            message = self._encrypt(self._head, prefix, compressed)
        except InvalidMessageError:
            raise
        except Exception as error:
            if is_interruption(error):
                raise
            raise InvalidMessageError(f"{stage}: failed with {type(error).__name__}") from error
        return message, len(compressed), len(plain)

    def decode(self, message: bytes) -> tuple[Any, int, int, int]:
        """The value, its timestamp, its size compressed and its size decompressed.

        Raises `InvalidMessageError` for whatever is not a message that these settings allow, and for what the
        decompressor or deserializer raised, with the cause kept. The error names the stage, never the bytes. What is not
        about the bytes (`is_interruption`) is raised as it is.
        """
        stage = "header"
        try:
            if type(message) is not bytes:
                message = _received(message)
            key_version, start = self._unpack_head(message)
            stage = "decryption"
            body, start = self._decrypt(message, start, key_version)
            stage = "envelope"
            timestamp_us, compressed = self._unpack(body, start)
            stage = "decompression"
            plain = compressed if self._decompress is None else self._decompress(compressed)
            stage = "deserializer"
            value = plain if self._deserialize is None else self._deserialize(plain)
        except InvalidMessageError:
            raise
        except Exception as error:
            if is_interruption(error):
                raise
            raise InvalidMessageError(f"{stage}: failed with {type(error).__name__}") from error
        return value, timestamp_us, len(compressed), len(plain)

    def _as_bytes(self, plain: Any) -> bytes:
        if isinstance(plain, bytes):
            return bytes(plain)
        if self._serialize is None:
            raise InvalidMessageError(
                f"value: must be bytes, not {type(plain).__name__}: publish bytes(value), "
                "or choose a value_type (text, json) or a value_serializer"
            )
        raise InvalidMessageError(f"serializer: it must return bytes, it returned {type(plain).__name__}")


class PayloadCodec(MessageCodec):
    """Where nothing stands around the payload, and nothing is done to it: the value is the message."""

    def encode(self, value: Any, timestamp_us: int) -> tuple[bytes, int, int]:
        if type(value) is not bytes:
            value = self._as_bytes(value)
        size = len(value)
        return value, size, size

    def decode(self, message: bytes) -> tuple[bytes, int, int, int]:
        if type(message) is not bytes:
            message = _received(message)
        size = len(message)
        return message, 0, size, size


def _received(message: Any) -> bytes:
    if isinstance(message, (bytes, bytearray, memoryview)):
        return bytes(message)
    raise InvalidMessageError(f"header: a message is bytes, the plugin gave {type(message).__name__}")
