"""How a message is sent at AT_MOST_ONCE and at AT_LEAST_ONCE."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer
from sinetstream.errors import BufferFullError, ConnectionError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.producer import Record, close, fatal_error

__all__ = ["Confirmed", "Unconfirmed"]

log = logging.getLogger("sinetstream")


class Confirmed:
    """The promise ends when the broker has confirmed. A producer that failed for good is replaced in the background."""

    def __init__(self, topic: str, connect: Callable[[], KafkaProducer]) -> None:
        self._topic = topic
        self._connect = connect
        self.producer = connect()
        self._replacing: threading.Thread | None = None
        self._closed = False

    def send(self, record: Record) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        try:
            future = self.producer.send(self._topic, *record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            delivery.fail(self._unusable(error))
        else:
            future.add_callback(delivery.fulfil)
            future.add_errback(delivery.fail)
        return delivery

    def close(self) -> None:
        self._closed = True
        replacing = self._replacing
        if replacing is not None:
            replacing.join()
        close(self.producer)

    def _unusable(self, error: Exception) -> Exception:
        fatal = fatal_error(self.producer)
        if fatal is None and not (self._replacing is None and self.producer._closed and not self._closed):
            return error
        if self._replacing is None and not self._closed:
            self._replacing = threading.Thread(target=self._replace, name="sinetstream-kafka-replace", daemon=True)
            self._replacing.start()
        failed = ConnectionError(f"not sent: the producer failed for good and is being replaced: {fatal or error}")
        failed.__cause__ = fatal or error
        return failed

    def _replace(self) -> None:
        old = self.producer
        close(old, 0)
        try:
            self.producer = self._connect()
        except Exception as error:  # noqa: BLE001  the next message tries again
            log.warning("a producer could not be replaced yet: %s", error)
        finally:
            self._replacing = None


class Unconfirmed:
    """The promise ends when kafka-python has the message. What it holds is bounded here: it has no limit of its own."""

    def __init__(self, topic: str, connect: Callable[[], KafkaProducer], limit: float) -> None:
        self._topic = topic
        self.producer = connect()
        self._limit = limit
        self._held = 0
        self._counting = threading.Lock()

    def send(self, record: Record) -> Delivery[Any]:
        size = len(record[0])
        if self._held + size > self._limit:
            return Delivery.rejected(BufferFullError(f"{self._held} bytes wait to be sent: not sent"))
        try:
            future = self.producer.send(self._topic, *record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            return Delivery.rejected(error)
        self._hold(size)
        future.add_both(lambda _: self._hold(-size))
        return Delivery.fulfilled(None)

    def close(self) -> None:
        close(self.producer)

    def _hold(self, size: int) -> None:
        with self._counting:
            self._held += size
