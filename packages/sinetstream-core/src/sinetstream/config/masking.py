"""Secret values that are what they are for a client library and print as `***`."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

__all__ = [
    "MaskedBytes",
    "MaskedDate",
    "MaskedDatetime",
    "MaskedFloat",
    "MaskedInt",
    "MaskedStr",
    "mask",
    "masked",
]

_SECRET = re.compile(
    "passw|passphrase|secret|token|credential|authorization|cookie|bearer|apikey|privatekey|accesskey|keyfiledata|authdata"
)


class MaskedStr(str):
    """A string whose repr is `'***'`, also inside containers. `str(x)`, formatting and encoding give the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class MaskedBytes(bytes):
    """Bytes whose repr is `b'***'`, also inside containers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"

    __str__ = __repr__


class MaskedInt(int):
    """A number whose repr is `***`, for a password of digits that nobody quoted."""

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return int.__repr__(self)


class MaskedFloat(float):
    """As `MaskedInt`, for a password with a point in it."""

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return float.__repr__(self)


class MaskedDate(date):
    """As `MaskedInt`, for a password that YAML takes for a date."""

    def __repr__(self) -> str:
        return "***"


class MaskedDatetime(datetime):
    """As `MaskedDate`, with a time."""

    def __repr__(self) -> str:
        return "***"


def masked(value: Any) -> Any:
    """A copy of parameters in which what is secret by its name is masked.

    Secret are keys that speak of a password, passphrase, secret, token, credential, authorization, cookie, private key
    or the like, in any spelling, and `key`, `keys` and `_keys` of `crypto`; under a secret key, all but `path`.
    """
    return _masked(value, "", secret=False)


def mask(value: Any) -> Any:
    """The same value, masked if it is text, bytes, a number or a date: whatever a file can say that is no container."""
    if isinstance(value, str):
        return MaskedStr(value)
    if isinstance(value, bytes):
        return MaskedBytes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return MaskedInt(value)
    if isinstance(value, float):
        return MaskedFloat(value)
    if isinstance(value, datetime):
        return MaskedDatetime.combine(value.date(), value.timetz())
    if isinstance(value, date):
        return MaskedDate.fromordinal(value.toordinal())
    return value


def _masked(value: Any, name: str, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return {
            k: _masked(v, str(k), secret=_is_secret(str(k), name) or (secret and k != "path")) for k, v in value.items()
        }
    if type(value) in (list, tuple, set):
        return type(value)(_masked(v, name, secret=secret) for v in value)
    return mask(value) if secret else value


def _is_secret(key: str, parent: str) -> bool:
    if parent == "crypto" and key in ("key", "keys", "_keys"):
        return True
    return bool(_SECRET.search(re.sub("[_-]", "", key.casefold())))
