"""Options that are numbers."""

from __future__ import annotations

import re
from math import inf
from typing import Any

from sinetstream.spi.options.kind import Kind

__all__ = ["Duration", "Integer", "Number", "Size"]

_SIZE = re.compile(r"(\d{1,18})\s*([kKMGT]i?)?B?")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def _limits(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" from {low:,} to {high:,}"
    return f" of at least {low:,}" if low is not None else f" of at most {high:,}" if high is not None else ""


def _schema(kind: str, low: float | None, high: float | None) -> dict[str, Any]:
    limits = {"minimum": low, "maximum": high}
    return {"type": kind, **{name: limit for name, limit in limits.items() if limit is not None}}


class Integer(Kind[int]):
    """An integer between limits, both included; `true` and `1.0` are none."""

    def __init__(self, low: int | None = None, high: int | None = None, unit: str = "") -> None:
        self._low = low
        self._high = high
        self._unit = unit

    @property
    def words(self) -> str:
        return f"an integer{_limits(self._low, self._high)}{f' ({self._unit})' if self._unit else ''}"

    def read(self, value: object, path: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(value, path)
        if (self._low is not None and value < self._low) or (self._high is not None and value > self._high):
            raise self.refuse(value, path)
        return int(value)

    def schema(self) -> dict[str, Any]:
        return _schema("integer", self._low, self._high)


class Number(Kind[float]):
    """A number between limits, both included. Infinity is one where there is no upper limit."""

    def __init__(self, low: float | None = None, high: float | None = None, unit: str = "") -> None:
        self._low = low
        self._high = high
        self._unit = unit

    @property
    def words(self) -> str:
        return f"a number{_limits(self._low, self._high)}{f' ({self._unit})' if self._unit else ''}"

    def read(self, value: object, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(value, path)
        if not (-inf if self._low is None else self._low) <= value <= (inf if self._high is None else self._high):
            raise self.refuse(value, path)
        return value

    def schema(self) -> dict[str, Any]:
        return _schema("number", self._low, self._high)


class Duration(Kind[float]):
    """A time in `unit`. `positive` excludes 0; `endless` lets `.inf` stand for no limit."""

    _LONGEST = 10**9  # what waits for so long overflows somewhere

    def __init__(self, unit: str = "seconds", *, positive: bool = False, endless: bool = False) -> None:
        self._unit = unit
        self._positive = positive
        self._endless = endless

    @property
    def words(self) -> str:
        least = "a positive number" if self._positive else "a number of at least 0"
        return f"{least} of {self._unit}" + (", or .inf" if self._endless else "")

    def read(self, value: object, path: str) -> float:
        if self._endless and isinstance(value, str) and value.casefold() in ("inf", ".inf"):
            return inf
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise self.refuse(value, path)
        if (self._positive and not value) or (not self._endless and value >= self._LONGEST):
            raise self.refuse(value, path)
        return value

    def schema(self) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "number", ("exclusiveMinimum" if self._positive else "minimum"): 0}
        return {"anyOf": [number, {"enum": ["inf", ".inf"]}]} if self._endless else number


class Size(Kind[int]):
    """Bytes: an integer, or text with a unit such as `64 MiB` or `1 GB`."""

    def __init__(self, low: int = 0, high: int | None = None) -> None:
        self._low = low
        self._high = high

    @property
    def words(self) -> str:
        return f"a number of bytes{_limits(self._low, self._high)}, or text such as '64 MiB'"

    def read(self, value: object, path: str) -> int:
        size = self._bytes(value)
        if size is None or size < self._low or (self._high is not None and size > self._high):
            raise self.refuse(value, path)
        return size

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [_schema("integer", self._low, self._high), {"type": "string", "pattern": f"^{_SIZE.pattern}$"}]
        }

    @staticmethod
    def _bytes(value: object) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            return None
        if isinstance(value, int):
            return int(value)
        found = _SIZE.fullmatch(value.strip()) if value.isascii() else None
        if found is None:
            return None
        size, unit = int(found[1]), found[2] or ""
        base = 1024 if unit.endswith("i") else 1000
        for _ in range(_POWERS.get(unit[:1].casefold(), 0)):
            size *= base
        return size
