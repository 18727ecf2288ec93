"""`with` opens a reader or writer, and closes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["WithBlock"]


class WithBlock(ABC):
    """The two methods of a `with` block. Which exception leaves the block makes no difference."""

    @abstractmethod
    def open(self) -> Self:
        """Open it."""

    @abstractmethod
    def close(self) -> None:
        """Close it."""

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
