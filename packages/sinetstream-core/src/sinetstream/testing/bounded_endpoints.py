"""Readers and writers whose `with` blocks take a bounded time to enter and to leave."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, TypeVar

from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.testing.waiting import within

__all__ = ["BoundedAsyncReader", "BoundedAsyncWriter", "BoundedReader", "BoundedWriter"]


class _End(Protocol):
    bound_s: float

    def open(self) -> object: ...

    def close(self) -> object: ...


E = TypeVar("E", bound=_End)


class _Entered:
    bound_s = 0.0

    def __enter__(self: E) -> E:  # noqa: PYI019  what it is mixed into can be opened
        within(self.bound_s, f"{_name(self)}.open", self.open)
        return self


class _Bounded(_Entered):
    def __exit__(
        self: _End, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        within(self.bound_s, f"{_name(self)}.close", self.close)


class BoundedReader(_Entered, MessageReader[Any]):
    """Leaving its block has no time limit: the thread that reads must close it, so that its last message is acknowledged."""


class BoundedAsyncReader(_Bounded, AsyncMessageReader[Any]):
    """`AsyncMessageReader`."""


class BoundedWriter(_Bounded, MessageWriter[Any]):
    """`MessageWriter`."""


class BoundedAsyncWriter(_Bounded, AsyncMessageWriter[Any]):
    """`AsyncMessageWriter`."""


def _name(end: object) -> str:
    return next(cls.__name__ for cls in type(end).__mro__ if cls.__module__.partition(".testing")[1] == "")
