"""What the value of an option may be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from sinetstream.errors import InvalidArgumentError
from sinetstream.masked import mask
from sinetstream.wording import kind, shown, wrong

__all__ = ["Checked", "Kind", "Secret"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kind(ABC, Generic[T_co]):
    """One kind of value. A plugin may have kinds of its own: `words`, `read`, and `schema` where JSON Schema can say it."""

    is_secret = False

    @property
    @abstractmethod
    def words(self) -> str:
        """What is allowed, to follow "must be": `an integer from 0 to 10`."""

    @abstractmethod
    def read(self, value: object, path: str) -> T_co:
        """The value as the plugin uses it. Raises `InvalidArgumentError` with the path where it is wrong."""

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema, as far as that can say it."""
        return {}

    def refuse(self, value: object, path: str) -> InvalidArgumentError:
        """The error for a value that is not allowed."""
        return wrong(path, f"must be {self.words}, not {shown(value)}")


class Secret(Kind[T_co]):
    """A value of another kind that is never shown: not in an error, and not where the options or the value are printed."""

    is_secret = True

    def __init__(self, inner: Kind[T_co]) -> None:
        self.inner = inner

    @property
    def words(self) -> str:
        return self.inner.words

    def read(self, value: object, path: str) -> T_co:
        try:
            result: T_co = mask(self.inner.read(value, path))
        except InvalidArgumentError as error:
            words = str(error).removeprefix(path)
            if not any(part and part in words for part in _parts(value)):
                raise
        else:
            return result
        raise wrong(path, f"must be {self.words}; it is {kind(value)}, not shown since it is a secret")

    def schema(self) -> dict[str, Any]:
        return {**self.inner.schema(), "writeOnly": True}


class Checked(Kind[T]):
    """Whatever `fault` finds nothing wrong with, as it is: it gives words like "must be a file", or None. Without it: all.

    `words` say for people what is allowed. With `inner` the value is read as that kind first.
    """

    def __init__(
        self,
        words: str,
        fault: Callable[[Any], str | None] | None = None,
        inner: Kind[T] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> None:
        self._words = words
        self._fault = fault
        self._inner = inner
        self._schema = schema

    @property
    def words(self) -> str:
        return self._words

    def read(self, value: Any, path: str) -> T:
        read: T = value if self._inner is None else self._inner.read(value, path)
        if self._fault is not None and (fault := self._fault(read)) is not None:
            raise wrong(path, fault)
        return read

    def schema(self) -> dict[str, Any]:
        if self._schema is not None:
            return dict(self._schema)
        return {} if self._inner is None else self._inner.schema()


def _parts(value: object) -> Iterator[str]:
    """Whatever text an error could show of a value."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _parts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif value is not None and not isinstance(value, bool):
        yield str(value)
