"""What nobody waits for any longer, and may still be sent."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from sinetstream.errors import PublishTimeoutError

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = ["TimedOutPublishes", "no_room"]


class TimedOutPublishes:
    """Messages that were not confirmed in time. The client library holds them still, so they keep their room.

    Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.kept: list[tuple[Delivery[Any], int]] = []

    def add(self, delivery: Delivery[Any], size: int) -> None:
        with self._lock:
            self.kept.append((delivery, size))

    def bytes(self) -> int:
        """Of those that are neither confirmed nor refused yet."""
        if not self.kept:
            return 0
        with self._lock:
            self.kept = [(delivery, size) for delivery, size in self.kept if delivery.is_pending]
            return sum(size for _, size in self.kept)

    def wait_for_room(self, size: int, limit: float, timeout: float | None) -> float | None:
        """Until so many bytes more fit under the limit; gives what is left of the timeout.

        Raises `PublishTimeoutError` where it does not suffice.
        """
        began = monotonic()
        left = timeout
        while self.bytes() + size > limit and (kept := self.kept):
            try:
                kept[0][0].wait(left)
            except PublishTimeoutError:
                raise no_room(size) from None
            if timeout is not None:
                left = max(0.0, began + timeout - monotonic())
        return left


def no_room(size: int) -> PublishTimeoutError:
    words = f"what was sent before stays unconfirmed and leaves no room for {size} bytes; this was not sent"
    return PublishTimeoutError(words)
