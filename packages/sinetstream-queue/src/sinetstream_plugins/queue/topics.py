"""The topics of this process."""

from __future__ import annotations

import threading
from collections import deque

__all__ = ["Topic", "changing", "topic"]

changing = threading.Lock()
"""Held by whoever looks at or changes a topic: a reader of several topics sees them all at one moment."""

_topics: dict[str, Topic] = {}


class Topic:
    """What waits in one topic, oldest first, and who waits for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.messages: deque[bytes] = deque()
        self.readers: list[threading.Condition] = []
        self.room = threading.Condition(changing)

    def arrived(self) -> None:
        """Wake the readers."""
        for reader in self.readers:
            reader.notify()


def topic(name: str) -> Topic:
    """The topic of that name; it is made on first use and lives as long as the process."""
    with changing:
        return _topics.setdefault(name, Topic(name))
