"""How many bytes may be on their way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sinetstream.errors import BufferFullError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.producer import Record

__all__ = ["Room", "bounded"]


class Room:
    """So many bytes, taken and given back from any thread."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._taken = 0
        self._counting = threading.Lock()

    def take(self, size: int) -> None:
        """Raises `BufferFullError` where so much is not left."""
        with self._counting:
            if self._taken + size > self._limit:
                raise BufferFullError(f"{self._taken} bytes wait to be sent: not sent")
            self._taken += size

    def give_back(self, size: int) -> None:
        with self._counting:
            self._taken -= size


def bounded(send: Callable[[Record], Delivery[Any]], limit: float) -> Callable[[Record], Delivery[Any]]:
    """As `send`, while no more than so many bytes wait to be confirmed."""
    room = Room(limit)

    def send_with_room(record: Record) -> Delivery[Any]:
        size = len(record[0])
        try:
            room.take(size)
        except BufferFullError as full:
            return Delivery.rejected(full)
        delivery = send(record)
        delivery.then(lambda _: room.give_back(size), lambda _: room.give_back(size))
        return delivery

    return send_with_room
