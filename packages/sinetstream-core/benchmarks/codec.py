"""What the codec costs per message, and how that compares with what the cipher alone takes for the bytes."""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.cmac import CMAC
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.value_types import ByteArray
from sinetstream.settings import CodecSettings, EncryptionSettings, Secret

NOW_US = 1_760_000_000_000_123
KEY = bytes(range(32))
IV = bytes(range(16))
SALT_AND_IV = bytes(8) + IV
SIZES = {"100 B": 100, "1 kB": 1000, "1 MB": 1_000_000}
REPEATS = 9
SECONDS = 0.04

Bare = tuple[Callable[[], Any], Callable[[], Any]]


def run() -> list[dict[str, Any]]:
    """One row for each mode and size: microseconds to encode and decode, and the ratios to the bare cipher."""
    return list(_rows())


def _rows() -> Iterator[dict[str, Any]]:
    for mode in ("plain", "GCM", "EAX", "CTR", "CBC"):
        codec = _codec(mode)
        for label, size in SIZES.items():
            value = bytes(range(256)) * (size // 256 + 1)
            value = value[:size]
            message, _, _ = codec.encode(value, NOW_US)
            row: dict[str, Any] = {
                "mode": mode,
                "size": label,
                "encode_us": _microseconds(lambda: codec.encode(value, NOW_US)),  # noqa: B023  called before the next
                "decode_us": _microseconds(lambda: codec.decode(message)),  # noqa: B023
            }
            if mode in _BARE:
                encrypt, decrypt = _BARE[mode](value)
                row["encode_ratio"] = row["encode_us"] / _microseconds(encrypt)
                row["decode_ratio"] = row["decode_us"] / _microseconds(decrypt)
            yield row


def _codec(mode: str) -> MessageCodec:
    encryption = None
    if mode != "plain":
        encryption = EncryptionSettings(mode, 256, padded=mode == "CBC", keys={1: Secret(KEY)})
    return build(CodecSettings(encryption=encryption), lambda _group, _name: ByteArray, writing=True)


def _bare_gcm(value: bytes) -> Bare:
    aead = AESGCM(KEY)
    sealed = aead.encrypt(IV, value, SALT_AND_IV)
    return (lambda: aead.encrypt(IV, value, SALT_AND_IV)), (lambda: aead.decrypt(IV, sealed, SALT_AND_IV))


def _bare_eax(value: bytes) -> Bare:
    def authenticate_and_add() -> bytes:
        for data in (IV, SALT_AND_IV, value):
            mac = CMAC(AES(KEY))
            mac.update(IV)
            mac.update(data)
            mac.finalize()
        return _bare_ctr(value)[0]()  # type: ignore[no-any-return]

    return authenticate_and_add, authenticate_and_add


def _bare_ctr(value: bytes) -> Bare:
    def add() -> bytes:
        return Cipher(AES(KEY), CTR(IV)).encryptor().update(value)

    return add, add


_BARE = {"GCM": _bare_gcm, "EAX": _bare_eax, "CTR": _bare_ctr}


def _microseconds(call: Callable[[], Any]) -> float:
    timer = timeit.Timer(call)
    once = max(min(timer.repeat(3, 1)), 1e-7)
    number = max(1, int(SECONDS / once))
    return min(timer.repeat(REPEATS, number)) / number * 1e6


def main() -> None:
    """Print the table."""
    lines = [f"{'mode':6} {'size':>6} {'encode us':>10} {'decode us':>10} {'x bare':>8} {'x bare':>8}"]
    for row in run():
        ratios = (f"{row[name]:8.2f}" if name in row else f"{'-':>8}" for name in ("encode_ratio", "decode_ratio"))
        numbers = f"{row['encode_us']:10.2f} {row['decode_us']:10.2f}"
        lines.append(f"{row['mode']:6} {row['size']:>6} {numbers} {' '.join(ratios)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
