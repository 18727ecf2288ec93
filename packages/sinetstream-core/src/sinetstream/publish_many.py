"""Many messages through a writer that promises, waiting only for room."""

from __future__ import annotations

from collections import deque
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from sinetstream.clock import in_seconds
from sinetstream.session import Session
from sinetstream.spi.timed_out_publishes import TimedOutPublishes, no_room

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = ["Encoded", "PublishMany", "outcome"]

Encoded = tuple[bytes, int, int]
"""A message, its size after compression and its size before."""


def outcome(delivery: Delivery[Any], sent_at: float, timeout: float | None) -> Any:
    """What a promise gives, or its exception, at most `timeout` seconds after the message was sent."""
    try:
        return delivery.get(None if timeout is None else max(0.0, sent_at + timeout - monotonic()))
    except Exception as error:  # noqa: BLE001  it is the outcome
        return error


class PublishMany:
    """Collects the outcome of each message, in order; at most `max_pending_bytes` wait for their confirmation.

    What was not confirmed in time keeps its room until it is, one way or the other.
    """

    def __init__(self, session: Session, plugin: Any) -> None:
        self._session = session
        self._send = plugin.send
        self._limit: float = plugin.max_pending_bytes
        self._timeout = in_seconds(session.settings.publish_timeout_ms)
        self._waiting: deque[tuple[int, Encoded, Delivery[Any], float]] = deque()
        self._timed_out: TimedOutPublishes = plugin.timed_out
        self._bytes = 0
        self._outcomes: list[Any] = []

    def add(self, encoded: Encoded, attributes: dict[str, Any]) -> None:
        """Send one, as soon as there is room."""
        size = len(encoded[0])
        while self._waiting and not self._fits(size):
            self._settle_first()
        if self._timed_out.kept and not self._fits(size):
            self.refuse(no_room(size))
            return
        self._bytes += size
        delivery = self._send(encoded[0], **attributes)
        self._waiting.append((len(self._outcomes), encoded, delivery, monotonic()))
        self._outcomes.append(None)

    def refuse(self, error: Exception) -> None:
        """One that is not sent."""
        self._session.meter.record_error()
        self._outcomes.append(error)

    def outcomes(self) -> list[Any]:
        """What each gave, or its exception; waits for each at most `publish_timeout_ms` from when it was sent."""
        if self._waiting:
            _, _, last, sent_at = self._waiting[-1]
            outcome(last, sent_at, self._timeout)  # who waits for each is woken for each
        while self._waiting:
            self._settle_first()
        return self._outcomes

    def _fits(self, size: int) -> bool:
        return self._bytes + self._timed_out.bytes() + size <= self._limit

    def _settle_first(self) -> None:
        index, (payload, compressed, plain), delivery, sent_at = self._waiting.popleft()
        result = outcome(delivery, sent_at, self._timeout)
        self._bytes -= len(payload)
        if delivery.is_pending:
            self._timed_out.add(delivery, len(payload))
        if isinstance(result, Exception):
            self._session.meter.record_error()
            result = self._session.translate(result)
        else:
            self._session.meter.record_message(len(payload), compressed, plain, time())
        self._outcomes[index] = result
