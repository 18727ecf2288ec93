"""Publishes whose wait timed out: they keep their part of the byte budget until they are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sinetstream.errors import PublishTimeoutError
from sinetstream.spi.byte_budget import ByteBudget

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = ["give_back_when_settled", "no_room"]


def give_back_when_settled(budget: ByteBudget, size: int, delivery: Delivery[Any]) -> None:
    """Give bytes back when `delivery` is settled, one way or the other; the client library has the message until then."""

    def give_back(_: object) -> None:
        budget.give_back(size)

    delivery.done(give_back, give_back)


def no_room(size: int, budget: ByteBudget) -> PublishTimeoutError:
    """The error for a message that was not sent, since earlier ones stay unconfirmed."""
    words = f"what was sent before stays unconfirmed and leaves no room for {size} bytes; this was not sent"
    return PublishTimeoutError(words, outcome="not_sent", size=size, limit=budget.limit)
