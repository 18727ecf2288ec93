"""Options that are text, words, bytes or functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, Generic, TypeVar, overload

from sinetstream.masked import MaskedStr
from sinetstream.spelling import did_you_mean
from sinetstream.spi.options.kind import Kind
from sinetstream.wording import kind, shown, wrong

__all__ = ["Binary", "Boolean", "Choice", "Code", "Text"]

T = TypeVar("T")


class Boolean(Kind[bool]):
    """True or false; nothing else stands for them."""

    @property
    def words(self) -> str:
        return "true or false"

    def read(self, value: object, path: str) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(value, path)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Text(Kind[str]):
    """A string, `pattern` (with `words` for it) being what all of it must match; bytes are taken as UTF-8.

    It may be empty only where `empty` says so.
    """

    def __init__(self, *, pattern: str = "", words: str = "a string", empty: bool = False) -> None:
        self._pattern = re.compile(pattern) if pattern else None
        self._words = words
        self._empty = empty

    @property
    def words(self) -> str:
        return self._words

    def read(self, value: object, path: str) -> str:
        if isinstance(value, bytes):
            try:
                value = value.decode()
            except UnicodeDecodeError:
                raise wrong(path, "is not UTF-8") from None
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise wrong(path, f"must be {self.words}; quote it")
        if not isinstance(value, str):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        if not value and not self._empty:
            raise wrong(path, "must not be empty")
        if self._pattern is not None and not self._pattern.fullmatch(value):
            raise self.refuse(value, path)
        return value if isinstance(value, MaskedStr) else str(value)

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string"} if self._empty else {"type": "string", "minLength": 1}
        return schema if self._pattern is None else {**schema, "pattern": f"^(?:{self._pattern.pattern})$"}


class Binary(Kind[bytes]):
    """Bytes; a string counts as its UTF-8."""

    def __init__(self, longest: int | None = None) -> None:
        self._longest = longest

    @property
    def words(self) -> str:
        return "bytes or a string" + (f" of at most {self._longest:,} bytes" if self._longest is not None else "")

    def read(self, value: object, path: str) -> bytes:
        if not isinstance(value, bytes | str):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        content = value.encode(errors="surrogatepass") if isinstance(value, str) else bytes(value)
        if self._longest is not None and len(content) > self._longest:
            raise wrong(path, f"must be {self.words}, not {len(content):,}")
        return content

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class Choice(Kind[T], Generic[T]):
    """One of some words, as what it stands for: a mapping from word to meaning, or the words, which mean themselves.

    `older` are accepted too and not shown.
    """

    @overload
    def __init__(self, choices: Mapping[Any, T], older: Mapping[Any, T] | None = None) -> None: ...

    @overload
    def __init__(self, choices: Iterable[T], older: Mapping[Any, T] | None = None) -> None: ...

    def __init__(self, choices: Any, older: Mapping[Any, T] | None = None) -> None:
        self._choices: Mapping[Any, T] = choices if isinstance(choices, Mapping) else {each: each for each in choices}
        self._older = older or {}

    @property
    def words(self) -> str:
        return f"one of {', '.join(map(str, self._choices))}"

    def read(self, value: object, path: str) -> T:
        if not isinstance(value, bool) or any(isinstance(word, bool) for word in self._choices):
            for words in (self._choices, self._older):
                if isinstance(value, str | int | Enum) and value in words:
                    return words[value]
        near = did_you_mean(value, filter(_is_text, self._choices)) if isinstance(value, str) else ""
        raise wrong(path, f"must be {self.words}, not {shown(value)}{near if 'did you' in near else ''}")

    def schema(self) -> dict[str, Any]:
        return {"enum": [*self._choices, *self._older]}


class Code(Kind[Callable[..., Any]]):
    """A function, a class or another object that can be called: it cannot stand in a file."""

    @property
    def words(self) -> str:
        return "a function, given in code"

    def read(self, value: object, path: str) -> Callable[..., Any]:
        if not callable(value):
            raise wrong(path, f"must be {self.words}, not {kind(value)}")
        return value


def _is_text(word: object) -> bool:
    return isinstance(word, str)
