"""What has arrived and was not handed out yet."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

__all__ = ["ReceiveQueue"]

CLOSED: Any = object()


class ReceiveQueue:
    """One thread puts, one takes, without a lock. What may be dropped is bounded, in number and in bytes."""

    def __init__(self, max_messages: int, max_bytes: float) -> None:
        self._items: SimpleQueue[Any] = SimpleQueue()
        self.put = self._items.put
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._bytes_put = 0  # counted by the thread that puts
        self._bytes_taken = 0  # and by the other
        self.dropped = 0
        self._overflowing = False

    def __len__(self) -> int:
        return self._items.qsize()

    def offer(self, item: Any, size: int) -> bool:
        """Put it, or drop it where there is no room. True at the first drop since half of the room was free."""
        waiting, used = self._items.qsize(), self._bytes_put - self._bytes_taken
        if waiting < self._max_messages and used + size <= self._max_bytes:
            if self._overflowing and waiting <= self._max_messages // 2 and used <= self._max_bytes / 2:
                self._overflowing = False
            self._bytes_put += size
            self.put(item)
            return False
        self.dropped += 1
        begins, self._overflowing = not self._overflowing, True
        return begins

    def took(self, size: int) -> None:
        """What `offer` was given is out."""
        self._bytes_taken += size

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
        """`take` gives None from the end of what waits on."""
        self.put(CLOSED)
