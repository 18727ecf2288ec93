"""How a message is sent at EXACTLY_ONCE: everything in a transaction, and those that come meanwhile in the next one."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
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
_TOO_LONG = "the transaction took longer than transaction_timeout_ms, so the broker has aborted it"
_TAKEN_OVER = (
    "another writer has taken over this transactional_id, or a transaction took longer than transaction_timeout_ms; "
    "this writer is closed"
)
_CLOSED = "the writer was closed before this message was sent"


class Transactions:
    """One thread commits groups of messages. While `begin` ... `commit` or `abort` is on, all goes into that one instead.

    The producer belongs to whoever is busy with it, and to all who send while a transaction is open. `begin` has its turn
    after what waited when it came, and takes what has come since along.

    `own_id` says that no other writer can have the transactional id, so that being fenced is the broker's clock's doing.
    """

    def __init__(
        self, topic: str, connect: Callable[[threading.Event], KafkaProducer], timeout: float, *, own_id: bool
    ) -> None:
        self._topic = topic
        self._connect = connect
        self._timeout = timeout
        self._own_id = own_id
        self._lock = threading.RLock()  # entered in one step, where Ctrl-C can leave a Condition locked
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[tuple[Delivery[Any], Record]] = deque()
        self._busy = self._open = self._beginning = False
        self._ahead = 0
        self._sending = 0
        self._stop = threading.Event()
        self._refusal: Exception | None = None
        self._failures: list[Exception] = []
        self._abandoned = False
        self.producer: KafkaProducer = connect(self._stop)
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-transactions", daemon=True)
        self._thread.start()

    def send(self, record: Record) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        with self._lock:
            if self._refusal is not None:
                return Delivery.rejected(self._refusal)
            if not self._open:
                self._waiting.append((delivery, record))
                self._changed.notify_all()
                return delivery
            self._sending += 1
        try:
            self._send(delivery, record)
        finally:
            with self._lock:
                self._sending -= 1
                if not self._sending:
                    self._changed.notify_all()
        return delivery

    def begin(self) -> None:
        """From here on all goes into one transaction. Raises what keeps it from beginning."""
        with self._lock:
            if self._open or self._beginning:
                raise SinetError("this writer is in a transaction already")
            self._beginning, self._ahead = True, len(self._waiting)
            try:
                in_time = self._changed.wait_for(
                    lambda: self._refusal is not None or not (self._busy or self._ahead), self._timeout
                )
                if self._refusal is not None:
                    raise self._refusal
                if not in_time:
                    raise PublishTimeoutError("earlier messages were not committed in time")
                self._busy = True
            finally:
                self._beginning, self._ahead = False, 0
                self._changed.notify_all()
        try:
            self._usable().begin_transaction()
            self._failures = []
            self._open_with_what_waits()
        finally:
            self._free()

    def commit(self, positions: dict[Any, int], group: Any) -> None:
        """Commit what was sent since `begin`, with the reader's positions. Raises where it did not, and aborts then."""
        self._end(lambda producer: self._commit(producer, positions, group, failures=self._failures))

    def abort(self) -> None:
        """Take back what was sent since `begin`."""
        self._end(self._abort)

    def close(self) -> None:
        self._stop.set()
        with self._lock:
            self._refusal = self._refusal or ConnectionError(_CLOSED)
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        if not self._abandoned:
            close(self.producer)

    # -- the thread

    def _run(self) -> None:
        while True:
            with self._lock:
                self._changed.wait_for(self._something_to_do)
                if not self._waiting:
                    return
                size = self._ahead if self._beginning else len(self._waiting)
                group = [self._waiting.popleft() for _ in range(size or len(self._waiting))]
                self._ahead = max(0, self._ahead - len(group))
                self._busy = True
            try:
                self._commit_group(group)
            finally:
                self._free()

    def _something_to_do(self) -> bool:
        if self._busy:
            return False
        mine = self._ahead if self._beginning else len(self._waiting)
        return self._stop.is_set() or (not self._open and mine > 0)

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
            self._commit(producer, {}, None, sent=[future for _, future in sent])
        except Exception as error:  # noqa: BLE001  every failure is the promises'
            reason = self._recovered(error)
            for delivery, _ in group:
                delivery.fail(reason)
        else:
            for delivery, future in sent:
                delivery.fulfil(future.value)

    # -- whoever has the producer

    def _end(self, how: Callable[[KafkaProducer], None]) -> None:
        with self._lock:
            if not self._open:
                raise SinetError("this writer is not in a transaction")
            self._open = False
            self._busy = True
            self._changed.wait_for(lambda: not self._sending)
        try:
            how(self.producer)
        except Exception as error:
            reason = self._recovered(error)
            if reason is error:
                raise
            raise reason from error
        finally:
            self._free()

    def _commit(
        self,
        producer: KafkaProducer,
        positions: dict[Any, int],
        group: Any,
        *,
        sent: Sequence[Any] = (),
        failures: Sequence[Exception] = (),
    ) -> None:
        manager = producer._transaction_manager
        if positions:
            result = manager.send_offsets_to_transaction(offsets(positions), group)
            self._await(producer, result)
        self._flush(producer)
        for future in sent:
            if not future.succeeded():
                raise future.exception or KafkaTimeoutError()
        if failures:
            raise failures[0]
        self._await(producer, manager.begin_commit())

    def _open_with_what_waits(self) -> None:
        while True:
            with self._lock:
                waiting = list(self._waiting)
                self._waiting.clear()
                if not waiting:
                    self._open = True
                    return
            for delivery, record in waiting:
                self._send(delivery, record)

    def _send(self, delivery: Delivery[Any], record: Record) -> None:
        failures = self._failures
        try:
            future = self.producer.send(self._topic, *record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            failures.append(error)
            delivery.fail(error)
        else:
            future.add_errback(failures.append)
            future.add_callback(delivery.fulfil)
            future.add_errback(delivery.fail)

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
            if self._stop.is_set() or time.monotonic() >= deadline:
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
        if not fenced(reason):
            return error if timed_out else reason
        refusal = ConnectionError(_TOO_LONG if self._own_id else _TAKEN_OVER)
        refusal.__cause__ = reason
        if not self._own_id:
            with self._lock:
                self._refusal = refusal
        return refusal

    def _abandon(self, producer: KafkaProducer) -> None:
        if not self._abandoned:
            self._abandoned = True
            close(producer, 0)

    def _usable(self) -> KafkaProducer:
        if self._abandoned:
            self.producer = self._connect(self._stop)
            self._abandoned = False
        return self.producer

    def _free(self) -> None:
        with self._lock:
            self._busy = False
            self._changed.notify_all()
