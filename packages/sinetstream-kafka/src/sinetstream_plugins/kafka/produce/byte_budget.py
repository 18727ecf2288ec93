"""How many bytes may be on their way."""

from __future__ import annotations

import threading

from sinetstream.errors import BufferFullError

__all__ = ["ByteBudget"]


class ByteBudget:
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
