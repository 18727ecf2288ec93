"""A mapping of parameters that knows its path, for errors that say where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sinetstream.errors import InvalidArgumentError

__all__ = ["Options", "did_you_mean", "wrong"]

T = TypeVar("T")


class Options:
    """Reads values and checks them; an error carries the path of the value, never a secret."""

    def __init__(self, values: Mapping[str, Any], path: str, paths: Mapping[str, str] | None = None) -> None:
        self.values = values
        self._path = path
        self._paths = paths or {}

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def at(self, name: str) -> str:
        """The full path of a value."""
        return self._paths.get(name) or ".".join(filter(None, (self._path, name)))

    def error(self, name: str, words: str) -> InvalidArgumentError:
        """The error for a value."""
        return wrong(self.at(name), words)

    def only(self, known: Iterable[str]) -> None:
        """Refuse all other names."""
        for name in self.values:
            if name not in known:
                raise self.error(str(name), f"unknown parameter{did_you_mean(name, known)}")

    def integer(self, name: str, default: T, low: int, high: int) -> int | T:
        """An integer in a range."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(name, f"must be an integer from {low} to {high}, not {value!r}")
        return int(value)

    def seconds(self, name: str, default: float) -> float:
        """A positive number."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise self.error(name, f"must be a positive number of seconds, not {value!r}")
        return float(value)

    def flag(self, name: str, default: T) -> bool | T:
        """True or false."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {value!r}")
        return value

    def text(self, name: str, default: T) -> str | T:
        """A string; bytes, as decrypted values are, count as UTF-8."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise self.error(name, "is not UTF-8") from None
        if not isinstance(value, str):
            raise self.error(name, f"must be a string, not {type(value).__name__}")
        return str(value)

    def choice(self, name: str, choices: Mapping[str, T], default: T) -> T:
        """One of the keys, as its value."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or value not in choices:
            also = did_you_mean(value, choices) if isinstance(value, str) else ""
            raise self.error(name, f"must be one of {', '.join(choices)}, not {value!r}{also}")
        return choices[value]

    def section(self, name: str, known: Iterable[str]) -> Options:
        """A mapping below, empty where there is none, with nothing but known names."""
        value = self.values.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self.error(name, f"must be a mapping of {', '.join(sorted(known))}, not {type(value).__name__}")
        below = Options(value, self.at(name))
        below.only(known)
        return below


def wrong(path: str, words: str) -> InvalidArgumentError:
    """The error for the value at a path."""
    return InvalidArgumentError(f"{path}: {words}", path=path)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The end of an error sentence: the nearest known name, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names)}"
