"""A transaction of the fake plugin: it keeps everything until it is committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sinetstream.testing.fake.faults import Fault

if TYPE_CHECKING:
    from sinetstream.testing.fake.exchange import Record

__all__ = ["Transaction"]


class Transaction:
    """What a writer published and a reader finished; `reader` may be None."""

    def __init__(self, writer: Any, reader: Any, faults: frozenset[Fault]) -> None:
        self._writer = writer
        self._reader = reader
        self._faults = faults
        self.published: list[tuple[Any, ...]] = []
        self.finished: list[Record] = []
        if reader is not None:
            reader.join(self)

    def commit(self) -> None:
        self._writer.commit(self.published)
        if self._reader is not None:
            self._reader.leave(self.finished)

    def abort(self) -> None:
        if Fault.COMMIT_ALWAYS in self._faults:
            self.commit()
            return
        self._writer.commit([])
        if self._reader is not None:
            self._reader.go_back()
