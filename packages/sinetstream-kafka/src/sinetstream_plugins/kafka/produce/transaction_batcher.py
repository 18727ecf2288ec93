"""How a message is sent at EXACTLY_ONCE: everything in a transaction, and those that come meanwhile in the next one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any, NoReturn

from sinetstream.errors import ConnectionError, PublishTimeoutError, SinetError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.kafka_python.batch_errors import REFUSED
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.kafka_python.sender import Record
from sinetstream_plugins.kafka.produce.transactional_producer import Sent, TransactionalProducer, Waiting

__all__ = ["TransactionBatcher"]

_FIRST = 100  # messages; each portion of a group has twice as many as the one before, so takes about twice as long
_FIRST_BYTES = 2**16
_CLOSED = "the writer was closed before this message was sent"
_CLOSED_WITHIN = "the writer was closed within the transaction: nothing of it is committed; leave the block first"


class TransactionBatcher:
    """One thread commits groups of messages. While `begin` ... `commit` or `abort` is on, all goes into that one instead.

    The producer belongs to whoever is busy with it, and to all who send while a transaction is open. `begin` has its turn
    after what waited when it came, and takes what has come since along.
    """

    def __init__(
        self, topic: str, connect: Callable[[threading.Event], Producer], timeout: float, *, own_id: bool
    ) -> None:
        self._timeout = timeout
        self._lock = threading.RLock()  # entered in one step, where Ctrl-C can leave a Condition locked
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[Waiting] = deque()
        self._busy = self._open = self._beginning = self._closed_within = False
        self._ahead = 0
        self._sending = 0
        self._refusal: Exception | None = None
        self._failures: list[Exception] = []
        self._producer = TransactionalProducer(topic, connect, timeout, own_id=own_id)
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
            self._producer.begin()
            self._failures = []
            self._open_with_what_waits()
        except BaseException as error:  # noqa: BLE001  Ctrl-C too leaves it half begun
            self._raise(error)
        finally:
            self._free()

    def commit(self, positions: dict[Any, int], group: Any) -> None:
        """Commit what was sent since `begin`, with the reader's positions. Raises where it did not, and aborts then."""
        self._end(lambda: self._producer.commit(positions, group, self._failures))

    def abort(self) -> None:
        """Take back what was sent since `begin`; where the writer was closed meanwhile, `close` has done so."""
        if not self._closed_within:
            self._end(self._producer.abort)

    def close(self) -> None:
        """A transaction that is open is aborted."""
        with self._lock:
            self._producer.stop.set()
            self._refusal = self._refusal or ConnectionError(_CLOSED)
            self._changed.notify_all()
        within = False
        if threading.current_thread() is not self._thread:
            self._thread.join()
            with self._lock:
                self._changed.wait_for(lambda: not self._busy and not self._sending)
                within, self._open = self._open, False
                self._closed_within = self._closed_within or within
        self._producer.close(within=within)

    # -- the thread

    def _run(self) -> None:
        while True:
            with self._lock:
                self._changed.wait_for(self._something_to_do)
                if self._refusal is not None:
                    break
                size = self._ahead if self._beginning else len(self._waiting)
                self._busy = True
            try:
                self._commit_group(size)
            finally:
                self._free()
        for delivery, _ in self._taken(len(self._waiting)):
            delivery.fail(self._refusal)

    def _something_to_do(self) -> bool:
        if self._busy:
            return False
        mine = self._ahead if self._beginning else len(self._waiting)
        return self._refusal is not None or (not self._open and mine > 0)

    def _commit_group(self, size: int) -> None:
        """Of so many that wait, those that fit; the others wait on."""
        group: list[Waiting] = []
        sent: list[Sent] = []
        portions = 0
        try:
            self._producer.begin()
            while len(group) < size and not (group and self._producer.is_full()):
                portion = self._taken(min(size - len(group), _FIRST << portions), _FIRST_BYTES << portions)
                portions += 1
                group += portion
                before = len(sent)
                self._producer.send_each(portion, sent)
                self._producer.confirm(
                    sent[before:]
                )  # only then does the time it took say how much the broker can take
            self._producer.commit({}, None)
        except Exception as error:  # noqa: BLE001  every failure is the promises'
            reason = self._abort_and_recover(error)
            for delivery, future in sent:
                if isinstance(future.exception, REFUSED):
                    delivery.fail(future.exception)
            for delivery, _ in group or self._taken(size):
                delivery.fail(reason)
        else:
            for delivery, future in sent:
                delivery.fulfil(future.value)

    def _taken(self, messages: int, size: float = inf) -> list[Waiting]:
        """Up to so many of those that wait, until they have so many bytes."""
        taken: list[Waiting] = []
        with self._lock:
            while len(taken) < messages and size > 0:
                waiting = self._waiting.popleft()
                taken.append(waiting)
                size -= len(waiting[1][0])
            self._ahead = max(0, self._ahead - len(taken))
        return taken

    # -- whoever has the producer

    def _end(self, how: Callable[[], None]) -> None:
        with self._lock:
            if self._closed_within:
                raise ConnectionError(_CLOSED_WITHIN)
            if not self._open:
                raise SinetError("this writer is not in a transaction")
            self._open = False
            self._busy = True
        try:
            with self._lock:
                self._changed.wait_for(lambda: not self._sending)
            how()
        except BaseException as error:  # noqa: BLE001  Ctrl-C too leaves it half ended
            self._raise(error)
        finally:
            self._free()

    def _open_with_what_waits(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._open = True
                    return
                delivery, record = self._waiting.popleft()
            self._send(delivery, record)

    def _send(self, delivery: Delivery[Any], record: Record) -> None:
        failures = self._failures
        try:
            future = self._producer.send(record)
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            failures.append(error)
            delivery.fail(self._producer.error() or error)
        else:
            future.add_errback(failures.append)
            future.add_callback(delivery.fulfil)
            future.add_errback(delivery.fail)

    def _raise(self, error: BaseException) -> NoReturn:
        """The reason why the transaction has failed; what has interrupted it, as it is."""
        reason = self._abort_and_recover(error)
        if reason is error or not isinstance(error, Exception):
            raise error
        if isinstance(reason.__cause__, REFUSED):
            raise reason.__cause__ from None  # it is the block's own message
        raise reason from error

    def _abort_and_recover(self, error: BaseException) -> BaseException:
        with self._lock:
            self._open = False
            self._changed.wait_for(lambda: not self._sending)
        reason = self._producer.abort_and_recover(error)
        with self._lock:
            self._refusal = self._refusal or self._producer.taken_over
        return reason

    def _free(self) -> None:
        with self._lock:
            self._busy = False
            self._changed.notify_all()
