"""A producer that carries one transaction after another: each step has a deadline, and one that failed costs the producer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Protocol

from kafka.errors import KafkaTimeoutError, ProducerFencedError, UnknownError
from sinetstream.errors import NotOpenError, PublishTimeoutError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.errors import not_sent
from sinetstream_plugins.kafka.kafka_python.consumer import to_metadata
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record, new_sender
from sinetstream_plugins.kafka.produce.fencing import is_fenced, taken_over_error, too_long_error
from sinetstream_plugins.kafka.produce.producer import close
from sinetstream_plugins.kafka.produce.transaction_queue import Pending

log = logging.getLogger("sinetstream")

__all__ = ["Connect", "Sent", "TransactionalProducer"]

_SLICE_S = 0.2
_ABORT_S = 1.0  # for the abort in `close`, and after Ctrl-C
_FILLED = 1 / 4  # of its time, a transaction takes more messages; the rest is for those it has

Sent = tuple[Delivery[Any], Any]
"""The promise of a message, and kafka-python's future."""


class Connect(Protocol):
    def __call__(self, stop: threading.Event, *, resume: Any = None) -> Producer:
        """A producer that is ready. With `resume`, the `producer_id_and_epoch` of an earlier one, it goes on as that one: raises
        kafka-python's `ProducerFencedError` where another has taken over.
        """


class TransactionalProducer:
    """For one thread at a time, but for `send`. After a step that raised, call `abort_and_recover`.

    A broker that has aborted a transaction because it took too long fences the producer, as it does when another producer takes its
    transactional id. `has_own_id` says that no other can have the id. Otherwise the next transaction tells: its producer goes on as the
    fenced one, which the broker refuses where another has taken over.
    """

    def __init__(self, topic: str, connect: Connect, timeout: float, *, has_own_id: bool) -> None:
        self._topic = topic
        self._connect = connect
        self._timeout = timeout
        self._has_own_id = has_own_id
        self._is_abandoned = False
        self._began_at = 0.0
        self._ending: Any = None
        self._identity: Any = None
        self.stop = threading.Event()
        self.taken_over: NotOpenError | None = None
        self.producer = connect(self.stop)
        self._sender = new_sender(self.producer, topic)

    def begin(self) -> None:
        """Begin a transaction, with a new producer where the last one was given up."""
        if self._is_abandoned:
            self._replace_producer()
        self.producer.begin_transaction()
        self._identity = self.producer.producer_id_and_epoch()
        self._began_at = time.monotonic()

    def send(self, record: Record) -> Any:
        """kafka-python's future."""
        return self._sender.send(record)

    def send_each(self, pending: Iterable[Pending], sent: list[Sent]) -> None:
        """Add them to `sent`. A message that is refused here, as too large for example, fails alone."""
        for delivery, record in pending:
            try:
                sent.append((delivery, self.send(record)))
            except Exception as error:
                if self.error() is not None:
                    raise
                delivery.fail(not_sent(error, size=len(record[0]), limit=self.producer.max_request_size))

    def error(self) -> Exception | None:
        """Why the transaction cannot be committed any more."""
        return self.producer.transaction_error()

    def is_full(self) -> bool:
        """Whether the time that a transaction takes more messages is over."""
        return self.stop.is_set() or self._used() >= _FILLED

    def confirm(self, sent: Iterable[Sent]) -> None:
        """Wait until the broker has what was sent. Raises where it has not got one of these."""
        self._flush()
        failed = [future.exception for _, future in sent if not future.succeeded()]
        if failed:
            raise next(filter(None, failed), KafkaTimeoutError())

    def commit(self, positions: dict[Any, int], group: Any, failures: Sequence[Exception] = ()) -> None:
        """Commit. Raises the first of `failures`, to which sends of this transaction add until all have ended."""
        if positions:
            self._wait_for(self.producer.start_sending_offsets(to_metadata(positions), group))
        self._flush()
        if failures:
            raise failures[0]
        self._ending = self.producer.start_commit()
        self._wait_for(self._ending)

    def abort(self, within_s: float | None = None) -> None:
        """Abort. Where a time is given, it is taken whether `stop` is set or not."""
        self._ending = self.producer.start_abort()
        self._wait_for(self._ending, within_s)

    def abort_and_recover(self, error: BaseException) -> BaseException:
        """Be ready for the next transaction, and return the reason why this one has failed."""
        if error is self.taken_over:
            return error
        reason: BaseException = error
        timed_out = isinstance(error, PublishTimeoutError)
        if not self._is_abandoned:
            reason = self.error() or error
            try:
                if not timed_out and self.producer.fatal_error() is None:
                    self._finish_or_abort(None if isinstance(error, Exception) else _ABORT_S)
            except Exception as second:  # noqa: BLE001  the first error is the one to report
                log.debug("aborting failed: %r", second)
            finally:
                self._abandon()  # its sequence numbers do not survive a message that the broker refused
        if not is_fenced(reason):
            return error if timed_out else reason
        if not self._has_own_id and (self._used() < 1 or not self.producer.can_resume()):
            return self._note_taken_over(reason)
        return too_long_error(reason)

    def close(self, *, is_in_transaction: bool) -> None:
        """Close; a transaction is aborted, because until its end readers of committed messages get nothing that comes after it."""
        if self._is_abandoned:
            return
        if is_in_transaction:
            try:
                self._finish_or_abort(_ABORT_S)
            except Exception as error:  # noqa: BLE001  the broker aborts it later
                log.debug("aborting failed: %r", error)
                self._abandon()
                return
        close(self.producer)

    def _replace_producer(self) -> None:
        resume = None if self._has_own_id else self.producer.producer_id_and_epoch()
        try:
            self.producer = self._connect(self.stop, resume=resume)
        except ProducerFencedError as error:
            raise self._note_taken_over(error) from error
        self._sender = new_sender(self.producer, self._topic)
        self._is_abandoned = False

    def _note_taken_over(self, cause: BaseException) -> NotOpenError:
        self.taken_over = taken_over_error(cause)
        return self.taken_over

    def _used(self) -> float:
        """The part of its time that the transaction has taken."""
        return (time.monotonic() - self._began_at) * 1000 / self.producer.transaction_timeout_ms

    def _finish_or_abort(self, within_s: float | None) -> None:
        if self.producer.is_completing():  # a commit or an abort was interrupted
            self._wait_for(self._ending, within_s)
        else:
            self.abort(within_s)

    def _abandon(self) -> None:
        self._is_abandoned = True
        close(self.producer, 0)

    def _wait_for(self, result: Any, within_s: float | None = None) -> None:
        self._repeat_in_slices(partial(self.producer.wait_for, result), within_s)

    def _flush(self) -> None:
        def flush(slice_s: float) -> bool:
            try:
                self.producer.flush(slice_s)
            except (KafkaTimeoutError, UnknownError):
                # It was not in time, or a batch that was too large was split. What is left of a transaction that the broker has
                # aborted is never sent: a new identity tells.
                return self.producer.producer_id_and_epoch() is not self._identity
            return True

        self._repeat_in_slices(flush)

    def _repeat_in_slices(self, attempt: Any, within_s: float | None = None) -> None:
        """Repeat `attempt(seconds)` until it is true: kafka-python's own waits have no end, or none that `close` could bring about."""
        deadline = time.monotonic() + (self._timeout if within_s is None else within_s)
        while not attempt(max(0.0, min(_SLICE_S, deadline - time.monotonic()))):
            if time.monotonic() >= deadline or (within_s is None and self.stop.is_set()):
                raise PublishTimeoutError(
                    "the broker did not end the transaction in time; whether it is committed is unknown"
                )
