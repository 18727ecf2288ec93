"""Publishing at EXACTLY_ONCE: every message in a transaction, those that come meanwhile together in the next one."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from sinetstream.errors import ConnectionError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.errors import not_sent
from sinetstream_plugins.kafka.kafka_python.batch_errors import REFUSED
from sinetstream_plugins.kafka.kafka_python.library_threads import mark_library_thread
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record
from sinetstream_plugins.kafka.produce.transaction_queue import Pending, TransactionQueue
from sinetstream_plugins.kafka.produce.transactional_producer import Connect, Sent, TransactionalProducer

__all__ = ["TransactionBatcher"]

_FIRST = 100  # messages; each portion of a group has twice as many as the one before, so takes about twice as long
_FIRST_BYTES = 2**16
_ENDING = "the interpreter is ending"
_CLOSED = "the writer was closed before this message was sent"


class TransactionBatcher:
    """One thread commits the queued messages in groups. From `begin` to `commit` or `abort` all go into that transaction instead.

    `begin` has its turn after what was queued when it was called, and takes along what was queued since.
    """

    def __init__(self, topic: str, connect: Connect, timeout: float, *, has_own_id: bool) -> None:
        """`has_own_id`: no other writer can have the transactional id."""
        self._timeout = timeout
        self._queue = TransactionQueue()
        self._failures: list[Exception] = []
        self._producer = TransactionalProducer(topic, connect, timeout, has_own_id=has_own_id)
        self._thread = threading.Thread(target=self._run, name="sinetstream-kafka-transactions", daemon=True)
        self._thread.start()

    @property
    def producer(self) -> Producer:
        return self._producer.producer

    @property
    def cluster_id(self) -> str | None:
        return self.producer.cluster_id

    def send(self, record: Record) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        if sys.is_finalizing():  # the thread does not run any more
            return Delivery.rejected(ConnectionError(_ENDING, outcome="not_sent"))
        try:
            may_send = self._queue.enter_or_queue((delivery, record))
        except Exception as refusal:  # noqa: BLE001  every failure is the promise's
            return Delivery.rejected(refusal)
        if may_send:
            try:
                self._send(delivery, record)
            finally:
                self._queue.leave()
        return delivery

    def begin(self) -> None:
        """From here on all goes into one transaction. Raises what keeps it from beginning."""
        self._queue.acquire_to_begin(self._timeout)
        try:
            self._producer.begin()
            self._failures = []
            while (pending := self._queue.take_or_open()) is not None:
                self._send(*pending)
        except BaseException as error:  # noqa: BLE001  Ctrl-C too leaves it half begun
            self._recover_and_raise(error)
        finally:
            self._queue.release()

    def commit(self, positions: dict[Any, int], group: Any) -> None:
        """Commit what was sent since `begin`, with the reader's positions. Raises where it did not, and aborts then."""
        self._end_transaction(lambda: self._producer.commit(positions, group, self._failures))

    def abort(self) -> None:
        """Take back what was sent since `begin`. Does nothing where the writer was closed meanwhile: `close` has aborted it."""
        if not self._queue.was_closed_inside:
            self._end_transaction(self._producer.abort)

    def close(self) -> None:
        """A transaction that is open is aborted."""
        self._producer.stop.set()
        self._queue.refuse(ConnectionError(_CLOSED, outcome="not_sent"))
        was_open = False
        if threading.current_thread() is not self._thread:
            self._thread.join()
            was_open = self._queue.close_inside()
        self._producer.close(is_in_transaction=was_open)

    # -- the batcher's thread

    def _run(self) -> None:
        mark_library_thread()
        while (size := self._queue.acquire_group()) is not None:
            try:
                self._commit_group(size)
            finally:
                self._queue.release()
        self._queue.fail_queued()

    def _commit_group(self, size: int) -> None:
        """Commit up to `size` queued messages: as many as fit into the time of one transaction."""
        group: list[Pending] = []
        sent: list[Sent] = []
        portions = 0
        try:
            self._producer.begin()
            while len(group) < size and not (group and self._producer.is_full()):
                portion = self._queue.take(min(size - len(group), _FIRST << portions), _FIRST_BYTES << portions)
                portions += 1
                group += portion
                before = len(sent)
                self._producer.send_each(portion, sent)
                self._producer.confirm(sent[before:])  # so that the time it took tells how much the broker can take
            self._producer.commit({}, None)
        except Exception as error:  # noqa: BLE001  every failure is the promises'
            reason = self._abort_and_recover(error)
            for delivery, future in sent:
                if isinstance(future.exception, REFUSED):
                    delivery.fail(future.exception)
            for delivery, _ in group or self._queue.take(size):
                delivery.fail(reason)
        else:
            for delivery, future in sent:
                delivery.fulfil(future.value)

    # -- for the thread that has the producer

    def _end_transaction(self, end: Callable[[], None]) -> None:
        self._queue.acquire_to_end()
        try:
            self._queue.wait_for_sends()
            end()
        except BaseException as error:  # noqa: BLE001  Ctrl-C too leaves it half ended
            self._recover_and_raise(error)
        finally:
            self._queue.release()

    def _send(self, delivery: Delivery[Any], record: Record) -> None:
        failures = self._failures
        try:
            future = self._producer.send(record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            failures.append(error)
            delivery.fail(not_sent(self._producer.error() or error))
        else:
            future.add_errback(failures.append)
            future.add_callback(delivery.fulfil)
            future.add_errback(delivery.fail)

    def _recover_and_raise(self, error: BaseException) -> NoReturn:
        """Raise the reason why the transaction has failed; an interruption (Ctrl-C) as it is."""
        reason = self._abort_and_recover(error)
        if reason is error or not isinstance(error, Exception):
            raise error
        if isinstance(reason.__cause__, REFUSED):
            raise reason.__cause__ from None  # it is the block's own message
        raise reason from error

    def _abort_and_recover(self, error: BaseException) -> BaseException:
        self._queue.wait_for_sends()
        reason = self._producer.abort_and_recover(error)
        if self._producer.taken_over is not None:
            self._queue.refuse(self._producer.taken_over)
        return reason
