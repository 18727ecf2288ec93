"""Publishes that wait to be sent, and sent ones that the broker has not confirmed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from paho.mqtt.properties import Properties
from sinetstream.errors import BufferFullError, ConnectionError, SinetError
from sinetstream.spi import Delivery

__all__ = ["PendingPublishes"]

Waiting = tuple["Delivery[Any]", bytes, Properties | None]


class PendingPublishes:
    """Any thread may `add`; whoever drives the client takes from `waiting` and uses `in_flight`."""

    def __init__(self, max_waiting: float) -> None:
        self.waiting: deque[Waiting] = deque()
        self.in_flight: dict[int, tuple[Delivery[Any], Any]] = {}
        """By packet identifier; the second is paho's, and what the promise is fulfilled with."""
        self._max_waiting = max_waiting
        self._stopped: Callable[[], SinetError] | None = None  # the error for what is added now

    def refusal(self) -> SinetError | None:
        """The error for one more publish; None where it can be added."""
        stopped = self._stopped  # another thread may change it
        if stopped is not None:
            return stopped()
        if len(self.waiting) >= self._max_waiting:
            words = f"{self._max_waiting} messages wait to be sent (max_queued_messages); this one was not"
            return BufferFullError(words, outcome="not_sent")
        return None

    def add(self, delivery: Delivery[Any], message: bytes, properties: Properties | None) -> None:
        """Let it wait to be sent."""
        self.waiting.append((delivery, message, properties))

    def check(self) -> None:
        """After `add`: reject it where `stop` was called meanwhile, which may have looked at `waiting` before."""
        stopped = self._stopped
        if stopped is not None:
            self._reject_waiting(stopped)

    def stop(self, why: str, kind: type[SinetError] = ConnectionError) -> None:
        """Reject those that wait, and all later ones until `resume`."""
        self._stopped = lambda: kind(f"{why}; this message was not sent", outcome="not_sent")
        self._reject_waiting(self._stopped)

    def resume(self) -> None:
        """Take publishes again."""
        self._stopped = None

    def reject_in_flight(self, why: str) -> None:
        """Reject those that were sent: the broker may have them."""
        while self.in_flight:
            _, (delivery, _) = self.in_flight.popitem()
            delivery.fail(ConnectionError(f"{why}; whether the broker has this message is unknown", outcome="unknown"))

    def _reject_waiting(self, error: Callable[[], SinetError]) -> None:
        while True:
            try:
                delivery, _, _ = self.waiting.popleft()
            except IndexError:  # also where another thread took the last one
                return
            delivery.fail(error())
