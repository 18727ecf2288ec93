"""A mapping that knows its place, so that every error can name it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sinetstream.errors import InvalidArgumentError
from sinetstream.spelling import did_you_mean
from sinetstream.wording import joined, kind, shown, wrong

__all__ = ["Section"]

T = TypeVar("T")


_FOR_EVER_MS = 10**12  # what waits for so long overflows somewhere


class Section:
    """A mapping and its dotted path. Each getter returns the typed value, or the default where the key is absent.

    A wrong type or value is an `InvalidArgumentError` that begins with the path and says what is allowed. Null is
    a wrong value except where a method says otherwise.
    """

    __slots__ = ("path", "values")

    def __init__(self, values: Mapping[Any, Any], path: str = "") -> None:
        self.values = values
        self.path = path

    def __contains__(self, key: object) -> bool:
        return key in self.values

    def at(self, key: object) -> str:
        """The dotted path of a key."""
        return joined(self.path, key)

    def error(self, key: object, text: str) -> InvalidArgumentError:
        """The error to raise for a key."""
        return wrong(self.at(key), text)

    def get(self, key: str) -> Any:
        """The value as it is; None where it is absent or null."""
        return self.values.get(key)

    def section(self, key: object) -> Section:
        """The mapping under a key; an empty one where it is absent or null."""
        value = self.values.get(key)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self.error(key, f"must be a mapping, not {kind(value)}")
        return Section(value, self.at(key))

    def text(self, key: object, default: T) -> str | T:
        """A string that is not empty, unmasked."""
        value = self.values.get(key, default)
        if key not in self.values:
            return default
        if not isinstance(value, str):
            raise self.error(key, f"must be a string, not {kind(value)}")
        if not value:
            raise self.error(key, "must not be empty")
        return str(value)

    def flag(self, key: str) -> bool:
        """A boolean, false where absent; nothing else stands for them."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {shown(value)}")
        return value

    def integer(self, key: str, default: int, low: int, high: int | None = None) -> int:
        """An integer within bounds; true and 1.0 are none."""
        value = self.values.get(key, default)
        limits = f"from {low:,} to {high:,}" if high is not None else f"of at least {low:,}"
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"must be an integer {limits}, not {shown(value)}")
        if value < low or (high is not None and value > high):
            raise self.error(key, f"must be an integer {limits}, not {shown(value)}")
        return value

    def duration(self, key: str, default: float) -> float:
        """Milliseconds: a number of at least 0; `.inf`, "inf" and more than thirty years are without end."""
        value = self.values.get(key, default)
        if isinstance(value, str) and value.casefold() in ("inf", ".inf"):
            return math.inf
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise self.error(key, f"must be milliseconds, a number of at least 0 or .inf, not {shown(value)}")
        return value if value < _FOR_EVER_MS else math.inf

    def choice(self, key: str, allowed: Mapping[str, T], default: T) -> T:
        """One of the allowed words, in any case of letters, as what it stands for."""
        value = self.values.get(key)
        if key not in self.values:
            return default
        if isinstance(value, str):
            for word, meaning in allowed.items():
                if word.casefold() == value.casefold():
                    return meaning
        raise self.error(key, f"must be one of {', '.join(allowed)}, not {shown(value)}")

    def only(self, known: Iterable[str]) -> None:
        """Refuse every key that is not known, naming the nearest that is."""
        known = frozenset(known)
        for key in self.values:
            if key not in known:
                raise self.error(key, f"unknown parameter{did_you_mean(key, (k for k in known if k[0] != '_'))}")
