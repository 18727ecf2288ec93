"""Options that hold others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sinetstream.spi.options.kind import Kind
from sinetstream.spi.options.option import Option
from sinetstream.spi.options.unknown import refuse_unknown
from sinetstream.spi.options.values import Values
from sinetstream.wording import joined, kind, wrong

__all__ = ["Group", "ListOf", "MappingOf"]

T = TypeVar("T")


class Group(Kind[Values]):
    """A mapping of options of its own: `{min_delay: 1, max_delay: 120}`. Other keys are refused but for those `beside`."""

    def __init__(self, *options: Option[Any], beside: frozenset[str] = frozenset()) -> None:
        self.options: Mapping[str, Option[Any]] = {option.name: option for option in options}
        self._beside = beside
        self.is_secret = any(option.kind.is_secret for option in options)

    @property
    def words(self) -> str:
        return f"a mapping of {', '.join(self.options)}"

    @property
    def absent(self) -> Values:
        """What stands for a group that was not given: all of its defaults."""
        return Values(self.options, {}, {})

    def read(self, value: object, path: str) -> Values:
        if not isinstance(value, Mapping):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        given: dict[str, Any] = {}
        for name, each in value.items():
            option = self.options.get(name) if isinstance(name, str) else None
            if option is None:
                if name not in self._beside:
                    refuse_unknown(name, joined(path, name), self.options)
            elif each is not None or not option.null:
                given[name] = option.kind.read(each, joined(path, name))
        return Values(self.options, given, {}, path)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: option.kind.schema() for name, option in self.options.items()},
            "additionalProperties": bool(self._beside),
        }


class ListOf(Kind[list[T]]):
    """A list whose items are all of one kind. With `single`, one item may stand by itself."""

    def __init__(self, inner: Kind[T], *, single: bool = False) -> None:
        self._inner = inner
        self._single = single
        self.is_secret = inner.is_secret

    @property
    def words(self) -> str:
        return f"a list, each item {self._inner.words}" + (", or one of them" if self._single else "")

    def read(self, value: object, path: str) -> list[T]:
        if self._single and not isinstance(value, list | tuple):
            value = [value]
        if not isinstance(value, list | tuple):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        return [self._inner.read(each, f"{path}[{index}]") for index, each in enumerate(value)]

    def schema(self) -> dict[str, Any]:
        listed: dict[str, Any] = {"type": "array", "items": self._inner.schema()}
        return {"anyOf": [listed, self._inner.schema()]} if self._single else listed


class MappingOf(Kind[dict[str, T]]):
    """A mapping from any strings to values of one kind."""

    def __init__(self, inner: Kind[T]) -> None:
        self._inner = inner
        self.is_secret = inner.is_secret

    @property
    def words(self) -> str:
        return f"a mapping of strings, each to {self._inner.words}"

    def read(self, value: object, path: str) -> dict[str, T]:
        if not isinstance(value, Mapping):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        for name in value:
            if not isinstance(name, str):
                raise wrong(path, f"must be {self.words}: {joined('', name)} is {kind(name)}")
        return {str(name): self._inner.read(each, joined(path, name)) for name, each in value.items()}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self._inner.schema()}
