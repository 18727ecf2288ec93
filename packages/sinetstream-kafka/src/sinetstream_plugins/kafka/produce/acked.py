"""Publishing at AT_LEAST_ONCE: final when the broker has confirmed the message."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from kafka.errors import IllegalStateError
from sinetstream.errors import ConnectionError, SinetError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.errors import not_sent
from sinetstream_plugins.kafka.kafka_python.library_threads import mark_library_thread
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record, new_sender
from sinetstream_plugins.kafka.produce.producer import close

__all__ = ["AckedProducer"]

log = logging.getLogger("sinetstream")


class _Sent(Delivery[Any]):
    """The promise of one record, and what kafka-python calls with its outcome: no object more waits with each message."""

    def __init__(self, sending: AckedProducer) -> None:
        Delivery.__init__(self)  # each message takes this way
        self._sending = sending

    def __call__(self, outcome: Any) -> None:
        if isinstance(outcome, Exception):
            self._sending.failed(self, outcome)
        else:
            self.fulfil(outcome)


class AckedProducer:
    """The promise ends when the broker has confirmed. A producer that failed for good is replaced in the background.

    Nothing is sent a second time here: it would come behind what was sent since.
    """

    def __init__(self, topic: str, connect: Callable[[threading.Event], Producer]) -> None:
        self._topic = topic
        self._connect = connect
        self._stop = threading.Event()
        self.producer = connect(self._stop)
        self._sender = new_sender(self.producer, topic)
        self._replacing: threading.Thread | None = None
        self._changing = threading.Lock()
        self._held: list[tuple[_Sent, Record]] = []
        self._blamed: Producer | None = None

    def send(self, record: Record) -> Delivery[Any]:
        delivery = _Sent(self)
        if self._replacing is not None:
            with self._changing:
                if self._replacing is not None:
                    self._held.append((delivery, record))
                    return delivery
        self._send(delivery, record)
        return delivery

    def close(self) -> None:
        with self._changing:
            self._stop.set()
            replacing = self._replacing
        if replacing is not None:
            replacing.join()
        close(self.producer)

    def _send(self, delivery: _Sent, record: Record) -> None:
        try:
            sender = self._sender
            future = sender.send(record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            self.failed(delivery, not_sent(error, size=len(record[0]), limit=self.producer.max_request_size))
        else:
            sender.follow(future, delivery, delivery)

    def failed(self, delivery: _Sent, error: Exception) -> None:
        fatal = self.producer.fatal_error()
        if self._stop.is_set():
            delivery.fail(_unconfirmed(error) if isinstance(error, IllegalStateError) else error)
            return
        if fatal is None and not self.producer.is_closed:
            delivery.fail(error)
            return
        self._replace_soon()
        if self._blamed is not self.producer and fatal is not None:
            self._blamed = self.producer  # the first to fail is the one that the broker refused, in a batch of its own
            delivery.fail(error)
            return
        outcome = error.outcome if isinstance(error, SinetError) else "unknown"
        words = f"the producer failed for good and is being replaced: {fatal or error}"
        refusal = ConnectionError(words, outcome=outcome)
        refusal.__cause__ = fatal or error
        delivery.fail(refusal)

    def _replace_soon(self) -> None:
        if sys.is_finalizing():  # no thread can be started any more
            return
        with self._changing:
            if self._replacing is not None or self._stop.is_set():
                return
            self._replacing = threading.Thread(target=self._replace, name="sinetstream-kafka-replace", daemon=True)
            self._replacing.start()

    def _replace(self) -> None:
        mark_library_thread()
        close(self.producer, 0)
        failure: Exception | None = None
        try:
            self.producer = self._connect(self._stop)
            self._sender = new_sender(self.producer, self._topic)
        except Exception as error:  # noqa: BLE001  the next message tries again
            if not self._stop.is_set():
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
                    self._send(delivery, record)
                else:
                    delivery.fail(not_sent(failure))


def _unconfirmed(closed: Exception) -> ConnectionError:
    error = ConnectionError("the writer was closed before this was confirmed; whether the broker has it is unknown")
    error.__cause__ = closed
    return error
