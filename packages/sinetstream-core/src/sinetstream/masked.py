"""Secret values that are what they are for a client library and print as `***`."""

from __future__ import annotations

from typing import Any

__all__ = ["MaskedBytes", "MaskedInt", "MaskedStr", "mask"]


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
    """A number whose repr is `***`."""

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return int.__repr__(self)


def mask(value: Any) -> Any:
    """The same value, masked if it is text, bytes or an integer."""
    if isinstance(value, str):
        return MaskedStr(value)
    if isinstance(value, bytes):
        return MaskedBytes(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return MaskedInt(value)
    return value
