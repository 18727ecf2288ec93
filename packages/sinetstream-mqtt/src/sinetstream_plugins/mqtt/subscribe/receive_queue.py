"""Messages that were received and not handed out yet."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

from sinetstream.spi import ByteBudget

__all__ = ["ReceiveQueue"]

CLOSED: Any = object()


class ReceiveQueue:
    """One thread puts, another takes. What `offer` puts is bounded in number and in bytes, and dropped beyond."""

    def __init__(self, max_messages: int, max_bytes: float) -> None:
        self._items: SimpleQueue[Any] = SimpleQueue()
        self.put = self._items.put
        self._max_messages = max_messages
        self._budget = ByteBudget(max_bytes)
        self.dropped = 0
        self._is_dropping = False

    def __len__(self) -> int:
        return self._items.qsize()

    def offer(self, item: Any, size: int) -> bool:
        """Put it, or drop it where there is no room. True at the first drop since half of the room was free."""
        waiting, budget = self._items.qsize(), self._budget
        if waiting < self._max_messages and budget.try_take(size):
            if self._is_dropping and waiting <= self._max_messages // 2 and budget.taken - size <= budget.limit / 2:
                self._is_dropping = False
            self.put(item)
            return False
        self.dropped += 1
        is_first, self._is_dropping = not self._is_dropping, True
        return is_first

    def took(self, size: int) -> None:
        """A message that was offered with this size was taken."""
        self._budget.give_back(size)

    def take(self, timeout: float | None) -> Any:
        """The next item; None when there is none in time, or when closed."""
        try:
            item = self._items.get(timeout=timeout)
        except Empty:
            return None
        if item is CLOSED:
            self.put(CLOSED)
            return None
        return item

    def close(self) -> None:
        """`take` returns None once everything that was put before is taken."""
        self.put(CLOSED)
