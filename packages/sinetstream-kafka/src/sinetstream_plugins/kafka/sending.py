"""How a message is sent at AT_MOST_ONCE and at AT_LEAST_ONCE."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer
from kafka.errors import InvalidProducerEpochError, OutOfOrderSequenceNumberError, UnknownProducerIdError
from sinetstream.errors import BufferFullError, ConnectionError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.producer import Record, close, fatal_error

__all__ = ["Confirmed", "Unconfirmed"]

_NUMBERING = (InvalidProducerEpochError, OutOfOrderSequenceNumberError, UnknownProducerIdError)
"""What kafka-python's numbering brings about by itself, after a message that the broker refused."""

log = logging.getLogger("sinetstream")


class Confirmed:
    """The promise ends when the broker has confirmed. A producer that failed for good is replaced in the background."""

    def __init__(self, topic: str, connect: Callable[[], KafkaProducer]) -> None:
        self._topic = topic
        self._connect = connect
        self.producer = connect()
        self._replacing: threading.Thread | None = None
        self._closed = False
        self._changing = threading.Lock()
        self._held: list[tuple[Delivery[Any], Record]] = []
        self._blamed: KafkaProducer | None = None

    def send(self, record: Record) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        if self._replacing is not None:
            with self._changing:
                if self._replacing is not None:
                    self._held.append((delivery, record))
                    return delivery
        self._send(delivery, record, self._failed)
        return delivery

    def close(self) -> None:
        with self._changing:
            self._closed = True
            replacing = self._replacing
        if replacing is not None:
            replacing.join()
        close(self.producer)

    def _send(self, delivery: Delivery[Any], record: Record, failed: Callable[..., None]) -> None:
        try:
            future = self.producer.send(self._topic, *record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            self._failed_again(delivery, record, error)
        else:
            future.add_callback(delivery.fulfil)
            future.add_errback(failed, delivery, record)

    def _failed(self, delivery: Delivery[Any], record: Record, error: Exception) -> None:
        if isinstance(error, _NUMBERING) and not self._closed:
            self._send(delivery, record, self._failed_again)  # the broker has not got it
        else:
            self._failed_again(delivery, record, error)

    def _failed_again(self, delivery: Delivery[Any], record: Record, error: Exception) -> None:
        fatal = fatal_error(self.producer)
        if self._closed or (fatal is None and not self.producer._closed):
            delivery.fail(error)
            return
        self._replace_soon()
        if self._blamed is not self.producer and fatal is not None:
            self._blamed = self.producer  # the first to fail is the one that the broker refused, in a batch of its own
            delivery.fail(error)
            return
        refusal = ConnectionError(f"the producer failed for good and is being replaced: {fatal or error}")
        refusal.__cause__ = fatal or error
        delivery.fail(refusal)

    def _replace_soon(self) -> None:
        with self._changing:
            if self._replacing is not None or self._closed:
                return
            self._replacing = threading.Thread(target=self._replace, name="sinetstream-kafka-replace", daemon=True)
            self._replacing.start()

    def _replace(self) -> None:
        close(self.producer, 0)
        failure: Exception | None = None
        try:
            self.producer = self._connect()
        except Exception as error:  # noqa: BLE001  the next message tries again
            log.warning("a producer could not be replaced yet: %s", error)
            failure = error
        while True:
            with self._changing:
                held, self._held = self._held, []
                if not held:
                    self._replacing = None
                    return
            for delivery, record in held:
                if failure is None:
                    self._send(delivery, record, self._failed)
                else:
                    delivery.fail(failure)


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
