"""Values of a configuration file that are encrypted for one private key (`!sinetstream/encrypted`)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Protocol

from sinetstream.errors import InvalidConfigError
from sinetstream.masked import MaskedBytes, MaskedStr

__all__ = ["TAG", "Encrypted", "Opener"]

TAG = "!sinetstream/encrypted"
_RAW_KEY = re.compile(r"(^|\.)crypto\.(key|_?keys\.\d+)$")


class Opener(Protocol):
    """What opens a container: the private key."""

    def open(self, container: bytes) -> bytes: ...


class Encrypted:
    """A value as the file has it, in base64; it is decrypted only when its service is used."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def resolve(self, path: str, private_key: Callable[[], Opener]) -> MaskedStr | MaskedBytes:
        """The decrypted value, masked; `InvalidConfigError` where it is malformed, altered or for another key.

        It is text where it is UTF-8, else bytes. Where a raw key belongs (`crypto.key`, `crypto.keys.N`) it is
        bytes in any case.
        """
        try:
            container = binascii.a2b_base64("".join(self._text.split()), strict_mode=True)
        except ValueError:
            raise InvalidConfigError(f"{path}: is not base64", path=path) from None
        try:
            plain = private_key().open(container)
        except InvalidConfigError as error:
            raise InvalidConfigError(f"{path}: {error}", path=path) from None
        if _RAW_KEY.search(path):
            return MaskedBytes(plain)
        try:
            return MaskedStr(plain.decode())
        except UnicodeDecodeError:
            return MaskedBytes(plain)
