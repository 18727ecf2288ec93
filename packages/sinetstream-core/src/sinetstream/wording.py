"""How errors about parameters name a place and a value: never with a secret in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.errors import InvalidArgumentError

__all__ = ["joined", "kind", "shown", "wrong"]


def joined(path: str, key: object) -> str:
    """The dotted path of `key` under `path`."""
    word = str(key) if isinstance(key, str) else shown(key)
    return f"{path}.{word}" if path else word


def kind(value: object) -> str:
    """What a value is, in the words of a configuration file; never the value."""
    if value is None:
        return "null"
    for types, words in _KINDS:
        if isinstance(value, types):
            return words
    return f"a {type(value).__name__}"


def shown(value: object) -> str:
    """A short value as it was written, of others only the kind; secrets print masked."""
    if isinstance(value, int) and value.bit_length() > 128:
        return kind(value)  # Python refuses to print the largest
    if isinstance(value, (str, int, float)) and len(text := repr(value)) <= 40:
        return text
    return kind(value)


def wrong(path: str, words: str) -> InvalidArgumentError:
    """The error to raise for the value at a path."""
    return InvalidArgumentError(f"{path}: {words}", path=path)


_KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (bytes, "bytes"),
    ((int, float), "a number"),
    (Mapping, "a mapping"),
    ((list, tuple), "a list"),
)
