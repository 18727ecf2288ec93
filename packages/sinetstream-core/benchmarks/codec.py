"""What the codec costs per message, and how that compares with what the cipher alone takes for the bytes."""

import timeit
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.cmac import CMAC
from rows import Row
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.value_types import ByteArray
from sinetstream.settings import CodecSettings, EncryptionSettings, Secret

__all__ = ["run"]

NOW_US = 1_760_000_000_000_123
KEY = bytes(range(32))
IV = bytes(range(16))
SALT_AND_IV = bytes(8) + IV
SIZES = {"100 B": 100, "1 kB": 1000, "1 MB": 1_000_000}
REPEATS = 9
SECONDS = 0.04

Bare = tuple[Callable[[], Any], Callable[[], Any]]


def run(quick: bool) -> list[Row]:
    return list(_rows(1 if quick else REPEATS, 0.0 if quick else SECONDS))


def _rows(repeats: int, seconds: float) -> Iterator[Row]:
    for mode in ("plain", "GCM", "EAX", "CTR", "CBC"):
        codec = _codec(mode)
        for label, size in SIZES.items():
            value = (bytes(range(256)) * (size // 256 + 1))[:size]
            message, _, _ = codec.encode(value, NOW_US)
            ways: Bare = partial(codec.encode, value, NOW_US), partial(codec.decode, message)
            bare: Bare | tuple[None, None] = _BARE[mode](value) if mode in _BARE else (None, None)
            for way, call, cipher in zip(("encode", "decode"), ways, bare, strict=True):
                took = _microseconds(call, repeats, seconds)
                note = f"{took / _microseconds(cipher, repeats, seconds):.2f} times the cipher alone" if cipher else ""
                yield Row(name=f"codec, {way} {label} {mode}", unit="µs", target=None, measured=took, note=note)


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


def _microseconds(call: Callable[[], Any], repeats: int, seconds: float) -> float:
    timer = timeit.Timer(call)
    once = max(min(timer.repeat(3, 1)), 1e-7)
    number = max(1, int(seconds / once))
    return min(timer.repeat(repeats, number)) / number * 1e6
