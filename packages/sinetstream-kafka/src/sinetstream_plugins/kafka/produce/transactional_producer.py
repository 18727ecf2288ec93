"""A producer that carries one transaction after another: each step has a deadline, and one that failed costs the producer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from kafka.errors import InvalidProducerEpochError, KafkaTimeoutError, UnknownError
from sinetstream.errors import ConnectionError, PublishTimeoutError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.kafka_python.consumer import to_metadata
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record, new_sender
from sinetstream_plugins.kafka.produce.producer import close, fenced

log = logging.getLogger("sinetstream")

__all__ = ["Sent", "TransactionalProducer", "Waiting"]

_SLICE_S = 0.2
_SOON_S = 1.0  # for the abort in `close`, and after Ctrl-C
_FILLED = 1 / 4  # of its time, a transaction takes more messages; the rest is for those it has
_TOO_LONG = "the transaction took longer than transaction_timeout_ms, so the broker has aborted it"
_TAKEN_OVER = (
    "another writer has taken over this transactional_id, or a transaction took longer than transaction_timeout_ms; "
    "this writer is closed"
)

Waiting = tuple[Delivery[Any], Record]
Sent = tuple[Delivery[Any], Any]
"""The promise of a message, and what kafka-python promises."""


class TransactionalProducer:
    """For one thread at a time, but for `send`. After a step that raised comes `abort_and_recover`.

    `own_id` says that no other writer can have the transactional id, so that being fenced is the broker's clock's doing.
    """

    def __init__(
        self, topic: str, connect: Callable[[threading.Event], Producer], timeout: float, *, own_id: bool
    ) -> None:
        self._topic = topic
        self._connect = connect
        self._timeout = timeout
        self._own_id = own_id
        self._abandoned = False
        self._full_at = 0.0
        self._ending: Any = None
        self._numbering: Any = None
        self.stop = threading.Event()
        self.taken_over: Exception | None = None
        self.producer = connect(self.stop)
        self._sender = new_sender(self.producer, topic)

    def begin(self) -> None:
        if self._abandoned:
            self.producer = self._connect(self.stop)
            self._sender = new_sender(self.producer, self._topic)
            self._abandoned = False
        self.producer.begin_transaction()
        self._numbering = self.producer.producer_id_and_epoch()
        self._full_at = time.monotonic() + self.producer.transaction_timeout_ms / 1000 * _FILLED

    def send(self, record: Record) -> Any:
        """kafka-python's future."""
        return self._sender.send(record)

    def send_each(self, waiting: Iterable[Waiting], sent: list[Sent]) -> None:
        """Add them to `sent`. One that is refused here, as too large for example, fails; the others are none the worse."""
        for delivery, record in waiting:
            try:
                sent.append((delivery, self.send(record)))
            except Exception as error:
                if self.error() is not None:
                    raise
                delivery.fail(error)

    def error(self) -> Exception | None:
        """Why the transaction cannot be committed any more."""
        return self.producer.transaction_error()

    def is_full(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self._full_at

    def confirm(self, sent: Iterable[Sent]) -> None:
        """Wait until the broker has what was sent. Raises where it has not got one of these."""
        self._flush()
        failed = [future.exception for _, future in sent if not future.succeeded()]
        if failed:
            raise next(filter(None, failed), KafkaTimeoutError())

    def commit(self, positions: dict[Any, int], group: Any, failures: Sequence[Exception] = ()) -> None:
        """Raises where there are failures of what was sent, which grow until all has been."""
        if positions:
            self._await(self.producer.start_sending_offsets(to_metadata(positions), group))
        self._flush()
        if failures:
            raise failures[0]
        self._ending = self.producer.start_commit()
        self._await(self._ending)

    def abort(self, within_s: float | None = None) -> None:
        """Where a time is given, it is taken whether `stop` is set or not."""
        self._ending = self.producer.start_abort()
        self._await(self._ending, within_s)

    def abort_and_recover(self, error: BaseException) -> BaseException:
        """Be ready for the next transaction, and return the reason why this one has failed."""
        reason: BaseException = error
        timed_out = isinstance(error, PublishTimeoutError)
        if not self._abandoned:
            reason = self.error() or error
            try:
                if not timed_out and self.producer.fatal_error() is None:
                    self._give_up(None if isinstance(error, Exception) else _SOON_S)
            except Exception as second:  # noqa: BLE001  the first error is the one to report
                log.debug("aborting failed: %r", second)
            finally:
                self._abandon()  # its numbering does not survive a message that the broker refused
        if not (fenced(reason) or (self._own_id and isinstance(reason, InvalidProducerEpochError))):
            return error if timed_out else reason
        refusal = ConnectionError(_TOO_LONG if self._own_id else _TAKEN_OVER)
        refusal.__cause__ = reason
        if not self._own_id:
            self.taken_over = refusal
        return refusal

    def close(self, *, within: bool) -> None:
        """`within` a transaction, it is aborted: until then, readers of committed messages get nothing that comes after."""
        if self._abandoned:
            return
        if within:
            try:
                self._give_up(_SOON_S)
            except Exception as error:  # noqa: BLE001  the broker aborts it later
                log.debug("aborting failed: %r", error)
                self._abandon()
                return
        close(self.producer)

    def _give_up(self, within_s: float | None) -> None:
        if self.producer.is_completing():  # it was interrupted there
            self._await(self._ending, within_s)
        else:
            self.abort(within_s)

    def _abandon(self) -> None:
        self._abandoned = True
        close(self.producer, 0)

    def _await(self, result: Any, within_s: float | None = None) -> None:
        self._in_slices(partial(self.producer.wait_for, result), within_s)

    def _flush(self) -> None:
        def flushed(slice_s: float) -> bool:
            try:
                self.producer.flush(slice_s)
            except (KafkaTimeoutError, UnknownError):
                # It was not in time; or a batch that was too large was split. What is left of a transaction that the
                # broker has aborted is never sent: a new numbering says so.
                return self.producer.producer_id_and_epoch() is not self._numbering
            return True

        self._in_slices(flushed)

    def _in_slices(self, done: Callable[[float], bool], within_s: float | None = None) -> None:
        """kafka-python's own waits have no end, or none that `close` could bring about."""
        deadline = time.monotonic() + (self._timeout if within_s is None else within_s)
        while not done(max(0.0, min(_SLICE_S, deadline - time.monotonic()))):
            if time.monotonic() >= deadline or (within_s is None and self.stop.is_set()):
                raise PublishTimeoutError(
                    "the broker did not end the transaction in time; whether it is committed is unknown"
                )
