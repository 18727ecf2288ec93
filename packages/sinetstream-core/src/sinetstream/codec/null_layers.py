"""What stands in the place of a layer that a service does not have."""

from __future__ import annotations

from collections.abc import Callable

from sinetstream.errors import InvalidMessageError

__all__ = ["Unencrypted", "size_checked", "too_large"]


def too_large(max_bytes: int) -> InvalidMessageError:
    """The error for a message that decompresses to more than `max_bytes`."""
    return InvalidMessageError(
        f"decompression: the message is larger than {max_bytes} bytes: "
        "if that is right, raise compression.max_decompressed_bytes"
    )


def size_checked(decompress: Callable[[bytes], bytes], max_bytes: int) -> Callable[[bytes], bytes]:
    """A decompressor that knows no bound, its result checked: memory is bounded by what it allocates."""

    def decompress_and_measure(data: bytes) -> bytes:
        plain = decompress(data)
        if not isinstance(plain, bytes):
            raise InvalidMessageError(f"decompression: it must give bytes, it gave {type(plain).__name__}")
        if len(plain) > max_bytes:
            raise too_large(max_bytes)
        return plain

    return decompress_and_measure


class Unencrypted:
    """In the place of encryption: a message under a key version is refused."""

    key_version = 0

    def encrypt(self, head: bytes, prefix: bytes, payload: bytes) -> bytes:
        return head + prefix + payload  # not copied where there is nothing in front of it

    def decrypt(self, message: bytes, start: int, key_version: int | None) -> tuple[bytes, int]:
        if key_version:
            raise InvalidMessageError(
                f"decryption: the message is encrypted (key version {key_version}), and this reader has no key: "
                "set data_encryption and crypto"
            )
        return message, start
