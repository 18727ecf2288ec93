"""`publish_many` of a synchronous writer whose plugin returns promises."""

from __future__ import annotations

from collections import deque
from math import inf
from time import monotonic, time
from typing import TYPE_CHECKING, Any

from sinetstream.clock import in_seconds
from sinetstream.session import Session
from sinetstream.spi.byte_budget import ByteBudget
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.timed_out_publishes import give_back_when_settled, no_room

if TYPE_CHECKING:
    from sinetstream.spi.adapters import WriterFromAsyncWriter
    from sinetstream.spi.delivery import Delivery

__all__ = ["Encoded", "PublishMany", "outcome"]

Encoded = tuple[bytes, int, int]
"""A message, its size after compression and its size before."""


def outcome(delivery: Delivery[Any], sent_at: float, timeout: float | None) -> Any:
    """Wait until `timeout` seconds after the message was sent, and return the promise's value, or its exception."""
    try:
        return delivery.get(None if timeout is None else max(0.0, sent_at + timeout - monotonic()))
    except Exception as error:  # noqa: BLE001  it is the outcome
        return error


class PublishMany:
    """One `publish_many` of a synchronous writer: collects the outcome of each message, in order.

    Messages take their bytes from the plugin's `budget` until they are confirmed; what was not confirmed in time keeps
    them until it is, one way or the other.
    """

    def __init__(self, session: Session, plugin: WriterFromAsyncWriter) -> None:
        self._session = session
        self._send = plugin.send
        self._timeout = in_seconds(session.settings.publish_timeout_ms)
        self._budget: ByteBudget = plugin.budget
        self._last_sent_at = monotonic()
        self._pending: deque[tuple[int, Encoded, int, Delivery[Any], float]] = deque()
        self._outcomes: list[Any] = []

    def add(self, encoded: Encoded, attributes: dict[str, Any]) -> None:
        """Send one, as soon as there is room for it."""
        size = len(encoded[0])
        while not self._budget.try_take(size):
            size = self._budget.clamp(size)
            if self._pending:
                self._budget.give_back(self._await_first())
            elif self._budget.take(size, self._room_deadline()):
                break
            else:
                self.refuse(no_room(len(encoded[0]), self._budget))
                return
        delivery = self._send(encoded[0], **attributes)
        self._last_sent_at = monotonic()
        self._pending.append((len(self._outcomes), encoded, size, delivery, self._last_sent_at))
        self._outcomes.append(None)

    def refuse(self, error: Exception) -> None:
        """Add the outcome of one that is not sent."""
        self._session.meter.record_error()
        self._outcomes.append(self._session.translate_publishing(error, "not_sent"))

    def outcomes(self) -> list[Any]:
        """What each gave, or its exception; waits for each at most `publish_timeout_ms` from when it was sent."""
        if self._pending:
            *_, last, sent_at = self._pending[-1]
            outcome(last, sent_at, self._timeout)  # with one wake-up in place of one for each
        settled_bytes = 0
        while self._pending:
            settled_bytes += self._await_first()
        self._budget.give_back(settled_bytes)
        return self._outcomes

    def abandon(self) -> None:
        """Wait for nothing more: what is pending keeps its bytes until it is confirmed."""
        while self._pending:
            _, _, size, delivery, _ = self._pending.popleft()
            give_back_when_settled(self._budget, size, delivery)

    def _room_deadline(self) -> Deadline:
        # From the last message sent: where it was not confirmed in time, the next has waited for room long enough.
        return Deadline(inf if self._timeout is None else self._last_sent_at + self._timeout - monotonic())

    def _await_first(self) -> int:
        """Add the outcome of the first that is pending. Returns how many bytes are to be given back now."""
        index, (payload, compressed, plain), size, delivery, sent_at = self._pending[0]
        result = outcome(delivery, sent_at, self._timeout)
        self._pending.popleft()
        if delivery.is_pending:
            give_back_when_settled(self._budget, size, delivery)
            size = 0
        if isinstance(result, Exception):
            self._session.meter.record_error()
            result = self._session.translate_publishing(result)
        else:
            self._session.meter.record_message(len(payload), compressed, plain, time())
        self._outcomes[index] = result
        return size
