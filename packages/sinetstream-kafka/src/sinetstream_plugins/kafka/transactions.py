"""How a message is sent at EXACTLY_ONCE: everything in a transaction, and those that come meanwhile in the next one."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from sinetstream.errors import ConnectionError, PublishTimeoutError, SinetError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.positions import offsets
from sinetstream_plugins.kafka.producer import Record, close, fenced

log = logging.getLogger("sinetstream")

__all__ = ["Transactions"]

_SLICE_S = 0.2
_CLOSED = "the writer was closed before this message was sent"


class Transactions:
    """One thread commits groups of messages. While `begin` ... `commit` or `abort` is on, all goes into that one instead.

    `own_id` says that no other writer can have the transactional id, so that being fenced is the broker's clock's doing.
    """

    def __init__(self, topic: str, connect: Callable[[], KafkaProducer], timeout: float, *, own_id: bool) -> None:
        self._topic = topic
        self._connect = connect
        self._timeout = timeout
        self._own_id = own_id
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Delivery[Any], Record]] = deque()
        self._busy = self._open = self._closed = False
        self._refusal: Exception | None = None
        self._failure: Exception | None = None
        self._abandoned = False
        self.producer: KafkaProducer = connect()
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-transactions", daemon=True)
        self._thread.start()

    def send(self, record: Record) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        with self._changed:
            if self._refusal is not None:
                return Delivery.rejected(self._refusal)
            if not self._open:
                self._waiting.append((delivery, record))
                self._changed.notify_all()
                return delivery
        try:
            future = self.producer.send(self._topic, *record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            self._failed(error)
            delivery.fail(error)
        else:
            future.add_errback(self._failed)
            future.add_callback(delivery.fulfil)
            future.add_errback(delivery.fail)
        return delivery

    def begin(self) -> None:
        """From here on all goes into one transaction. Raises what keeps it from beginning."""
        with self._changed:
            if self._open:
                raise SinetError("this writer is in a transaction already")
            if not self._changed.wait_for(lambda: not self._busy and not self._waiting, self._timeout):
                raise PublishTimeoutError("earlier messages were not committed in time")
            if self._refusal is not None:
                raise self._refusal
            self._busy = True
        try:
            self._usable().begin_transaction()
            self._failure = None
            with self._changed:
                self._open = True
        finally:
            self._free()

    def commit(self, positions: dict[Any, int], group: Any) -> None:
        """Commit what was sent since `begin`, with the reader's positions. Raises where it did not, and aborts then."""
        self._end(lambda producer: self._commit(producer, positions, group))

    def abort(self) -> None:
        """Take back what was sent since `begin`."""
        self._end(self._abort)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._refusal = self._refusal or ConnectionError(_CLOSED)
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        if not self._abandoned:
            close(self.producer)

    # -- the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: (self._waiting and not self._open) or self._closed)
                if not self._waiting:
                    return
                group = list(self._waiting)
                self._waiting.clear()
                self._busy = True
            try:
                self._commit_group(group)
            finally:
                self._free()

    def _commit_group(self, group: list[tuple[Delivery[Any], Record]]) -> None:
        sent: list[tuple[Delivery[Any], Any]] = []
        try:
            producer = self._usable()
            producer.begin_transaction()
            for delivery, record in group:
                try:
                    sent.append((delivery, producer.send(self._topic, *record)))
                except Exception as error:
                    if producer._transaction_manager.has_error():
                        raise
                    delivery.fail(error)  # too large, for example: the others are none the worse
            self._failure = None
            self._commit(producer, {}, None, [future for _, future in sent])
        except Exception as error:  # noqa: BLE001  every failure is the promises'
            reason = self._recovered(error)
            for delivery, _ in group:
                delivery.fail(reason)
        else:
            for delivery, future in sent:
                delivery.fulfil(future.value)

    # -- whoever has the producer

    def _end(self, how: Callable[[KafkaProducer], None]) -> None:
        with self._changed:
            if not self._open:
                raise SinetError("this writer is not in a transaction")
            self._open = False
            self._busy = True
        try:
            how(self.producer)
        except Exception as error:
            reason = self._recovered(error)
            if reason is error:
                raise
            raise reason from error
        finally:
            self._free()

    def _commit(self, producer: KafkaProducer, positions: dict[Any, int], group: Any, sent: Any = ()) -> None:
        manager = producer._transaction_manager
        if positions:
            result = manager.send_offsets_to_transaction(offsets(positions), group)
            self._await(producer, result)
        self._flush(producer)
        failed = next((future.exception for future in sent if not future.succeeded()), None)
        if self._failure is not None or failed is not None:
            raise self._failure or failed or KafkaTimeoutError()
        self._await(producer, manager.begin_commit())

    def _abort(self, producer: KafkaProducer) -> None:
        self._await(producer, producer._transaction_manager.begin_abort())

    def _await(self, producer: KafkaProducer, result: Any) -> None:
        producer._sender.wakeup()
        self._in_slices(lambda slice_s: bool(result.wait(timeout_ms=slice_s * 1000)))

    def _flush(self, producer: KafkaProducer) -> None:
        def flushed(slice_s: float) -> bool:
            try:
                producer.flush(slice_s)
            except KafkaTimeoutError:
                return False
            return True

        self._in_slices(flushed)

    def _in_slices(self, done: Callable[[float], bool]) -> None:
        """kafka-python's own waits have no end, or none that `close` could bring about."""
        deadline = time.monotonic() + self._timeout
        while not done(max(0.0, min(_SLICE_S, deadline - time.monotonic()))):
            if self._closed or time.monotonic() >= deadline:
                raise PublishTimeoutError(
                    "the broker did not end the transaction in time; whether it is committed is unknown"
                )

    def _recovered(self, error: Exception) -> Exception:
        """Make the producer usable again, where it may be, and return the reason why what was sent has failed."""
        producer = self.producer
        manager = producer._transaction_manager
        reason: Exception = manager.last_error if manager.has_error() else error
        timed_out = isinstance(error, PublishTimeoutError)
        if not timed_out and not manager.has_fatal_error() and not self._abandoned:
            try:
                self._abort(producer)
            except Exception as second:  # noqa: BLE001  the first error is the one to report
                log.debug("aborting failed: %r", second)
        self._abandon(producer)  # its numbering does not survive a message that the broker refused
        if fenced(reason) and not self._own_id:
            refusal = ConnectionError("another writer has taken over this transactional_id; this one is closed")
            refusal.__cause__ = reason
            with self._changed:
                self._refusal = refusal
            return refusal
        return error if timed_out else reason

    def _abandon(self, producer: KafkaProducer) -> None:
        if not self._abandoned:
            self._abandoned = True
            close(producer, 0)

    def _usable(self) -> KafkaProducer:
        if self._abandoned:
            self.producer = self._connect()
            self._abandoned = False
        return self.producer

    def _failed(self, error: Exception) -> None:
        self._failure = self._failure or error

    def _free(self) -> None:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
