"""Many messages through a writer that promises, waiting only for room."""

from __future__ import annotations

from collections import deque
from math import inf
from time import time
from typing import TYPE_CHECKING, Any

from sinetstream.session import Session

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = ["Pipeline"]

Encoded = tuple[bytes, int, int]


class Pipeline:
    """Collects the outcome of each message, in order; at most `max_pending_bytes` wait for their confirmation."""

    def __init__(self, session: Session, plugin: Any) -> None:
        self._session = session
        self._send = plugin.send
        timeout_ms = session.settings.publish_timeout_ms
        self._timeout = None if timeout_ms == inf else timeout_ms / 1000
        self._waiting: deque[tuple[int, Encoded, Delivery[Any]]] = deque()
        self._bytes = 0
        self._outcomes: list[Any] = []

    def add(self, encoded: Encoded, attributes: dict[str, Any]) -> None:
        """Send one, as soon as there is room."""
        size = len(encoded[0])
        while self._waiting and self._bytes + size > self._session.settings.max_pending_bytes:
            self._settle_first()
        self._bytes += size
        self._waiting.append((len(self._outcomes), encoded, self._send(encoded[0], **attributes)))
        self._outcomes.append(None)

    def refuse(self, error: Exception) -> None:
        """One that is not sent."""
        self._session.meter.error()
        self._outcomes.append(error)

    def outcomes(self) -> list[Any]:
        """What each gave, or its exception; waits for each at most `publish_timeout_ms`."""
        while self._waiting:
            self._settle_first()
        return self._outcomes

    def _settle_first(self) -> None:
        index, (payload, compressed, plain), delivery = self._waiting.popleft()
        self._bytes -= len(payload)
        try:
            self._outcomes[index] = delivery.get(self._timeout)
        except Exception as error:  # noqa: BLE001  it is the outcome
            self._session.meter.error()
            self._outcomes[index] = self._session.translated(error)
        else:
            self._session.meter.message(len(payload), compressed, plain, time())
