"""The topics of this process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Topic", "changing", "topic"]

changing = threading.RLock()
"""Held by whoever looks at or changes a topic: a reader of several topics sees them all at one moment.

Reentrant, since a signal handler may close a reader or writer of the thread that it interrupts.
"""

_topics: dict[str, Topic] = {}


class Topic:
    """What waits in one topic, oldest first, and who waits for it. Nobody is woken who does not wait: that costs.

    Who is woken goes on when `changing` is free. He is woken first: an interrupt must not leave him asleep.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.messages: deque[bytes] = deque()
        self.readers: list[threading.Condition] = []
        self.room = threading.Condition(changing)
        self._waiting_for_room = 0

    def put(self, message: bytes) -> None:
        """The newest."""
        if not self.messages:
            self._wake_readers()
        self.messages.append(message)

    def put_back(self, message: bytes) -> None:
        """The oldest, again."""
        self._wake_readers()
        self.messages.appendleft(message)

    def move_oldest(self, to: deque[tuple[Topic, bytes]]) -> bytes:
        """Take the oldest. Whatever a signal handler does or raises meanwhile, it is here or there."""
        if self._waiting_for_room:
            self.room.notify_all()
        message = self.messages[0]
        try:
            to.append((self, message))
        finally:
            del self.messages[0]
        return message

    def wait_for_room(self, may_go_on: Callable[[], bool], timeout: float | None) -> bool:
        """As `Condition.wait_for`."""
        self._waiting_for_room += 1
        try:
            return self.room.wait_for(may_go_on, timeout)
        finally:
            self._waiting_for_room -= 1

    def _wake_readers(self) -> None:
        for reader in self.readers:
            reader.notify()


def topic(name: str) -> Topic:
    """The topic of that name; it is made on first use and lives as long as the process."""
    with changing:
        return _topics.setdefault(name, Topic(name))
