"""The options that one reader or writer was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, overload

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.options.option import Option
from sinetstream.wording import joined, wrong

__all__ = ["Values"]

T = TypeVar("T")


class Values:
    """What was read: `values[OPTION]` or `values["name"]`, the default where it was not given.

    `name in values` says whether it was given, and iterating gives the names that were. Secrets print as `***`.
    """

    def __init__(
        self,
        options: Mapping[str, Option[Any]],
        given: Mapping[str, Any],
        paths: Mapping[str, str],
        path: str = "",
    ) -> None:
        self._options = options
        self._given = given
        self._paths = paths
        self._path = path

    @overload
    def __getitem__(self, option: Option[T]) -> T: ...

    @overload
    def __getitem__(self, option: str) -> Any: ...

    def __getitem__(self, option: Option[Any] | str) -> Any:
        name = option if isinstance(option, str) else option.name
        return self._given[name] if name in self._given else self._options[name].default

    def __contains__(self, option: Option[Any] | str) -> bool:
        return (option if isinstance(option, str) else option.name) in self._given

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def at(self, option: Option[Any] | str) -> str:
        """The path of an option, as it was given or as it would be."""
        name = option if isinstance(option, str) else option.name
        return self._paths.get(name) or joined(self._path, name)

    def error(self, option: Option[Any] | str, words: str) -> InvalidArgumentError:
        """The error to raise about an option, for what does not fit together."""
        return wrong(self.at(option), words)

    def __repr__(self) -> str:
        shown = (
            f"{name}={'***' if self._options[name].kind.is_secret else repr(value)}"
            for name, value in self._given.items()
        )
        return f"Values({', '.join(shown)})"
