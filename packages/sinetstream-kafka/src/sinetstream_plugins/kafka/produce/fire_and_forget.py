"""Publishing at AT_MOST_ONCE: final when kafka-python has the message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sinetstream.spi import ByteBudget, Delivery

from sinetstream_plugins.kafka.errors import not_sent
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record, new_sender
from sinetstream_plugins.kafka.produce.producer import close

__all__ = ["FireAndForgetProducer"]


class FireAndForgetProducer:
    """The promise ends when kafka-python has the message. What it holds is bounded here: it has no limit of its own."""

    def __init__(self, topic: str, connect: Callable[[threading.Event], Producer], limit: float) -> None:
        self.producer = connect(threading.Event())
        self._sender = new_sender(self.producer, topic)
        self._budget = ByteBudget(limit, "this message was not sent")

    def send(self, record: Record) -> Delivery[Any]:
        size = len(record[0])
        if not self._budget.try_take(size):
            return Delivery.rejected(self._budget.full(size))
        try:
            future = self._sender.send(record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            self._budget.give_back(size)
            return Delivery.rejected(not_sent(error, size=size, limit=self.producer.max_request_size))
        future.add_both(lambda _: self._budget.give_back(size))
        return Delivery.fulfilled(None)

    def close(self) -> None:
        close(self.producer)
