"""One delivery for the values of several promises."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from promise import Promise

if TYPE_CHECKING:
    from sinetstream.spi.delivery.delivery import Delivery

__all__ = ["Gathering"]


class Gathering:
    """Settles `delivery` when each of `values` has come, from whatever threads, or with the first error.

    No lock is needed: each value is stored before its mark is popped, and `fulfil` counts only once.
    """

    def __init__(self, delivery: Delivery[Any], values: Sequence[Any], missing: int) -> None:
        self._delivery = delivery
        self._values = list(values)
        self._missing = [None] * missing
        self._owner = _Owner()
        delivery.adopt(self._owner)

    def add(self, index: int, promise: Delivery[Any]) -> None:
        """Take the outcome of this promise as the value at `index`."""
        self._owner.add(promise)
        promise._attach((None, partial(self.put, index), self._delivery.fail))

    def __setitem__(self, index: int, value: Any) -> None:
        """Store what `Promise.all` stores, except the pending promises, which it stores after attaching to them."""
        if not isinstance(value, Promise):
            self.put(index, value)

    def put(self, index: int, value: Any) -> None:
        """Store one value; the last one settles the delivery."""
        self._values[index] = value
        self._missing.pop()
        if not self._missing:
            self._delivery.fulfil(list(self._values))


class _Owner:
    """Holds nothing back, but knows where a wait would never end, and who tells of a rejection that nobody looks at."""

    def __init__(self) -> None:
        self._promises: list[Any] = []
        self.unhandled: Any = None

    def add(self, promise: Any) -> None:
        owner = promise._owner
        if self.unhandled is None:
            self.unhandled = getattr(owner, "unhandled", None)
        if hasattr(owner, "in_dispatch"):
            self._promises.append(promise)

    def post(self, _: object) -> bool:
        self._promises.clear()
        return False

    def in_dispatch(self) -> bool:
        return any(promise.is_pending and promise._owner.in_dispatch() for promise in list(self._promises))
