"""Messages that wait for a transaction, and which thread may use the transactional producer."""

from __future__ import annotations

import threading
from collections import deque
from math import inf
from typing import Any

from sinetstream.errors import ConnectionError, PublishTimeoutError, SinetError
from sinetstream.spi import Delivery

from sinetstream_plugins.kafka.kafka_python.sender import Record

__all__ = ["Pending", "TransactionQueue"]

_CLOSED_INSIDE = "the writer was closed within the transaction: nothing of it is committed; leave the block first"

Pending = tuple[Delivery[Any], Record]


class TransactionQueue:
    """The state of a `TransactionBatcher`, with its lock. Any thread may call any method.

    The producer belongs to one thread at a time: to the batcher's thread while it commits a group, or to a thread of the application
    while it begins or ends its transaction. In between, while the transaction is open, every thread sends through the producer.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # entered in one step; Ctrl-C can leave a Condition's default lock taken
        self._changed = threading.Condition(self._lock)
        self._queue: deque[Pending] = deque()
        self._has_owner = False
        self._is_open = False
        self._is_beginning = False
        self._before_begin = (
            0  # how many messages were queued when a transaction asked to begin: they are committed first
        )
        self._sends = 0  # threads that send in the open transaction
        self._refusal: Exception | None = None
        self._was_closed_inside = False

    # -- for those who publish

    def enter_or_queue(self, pending: Pending) -> bool:
        """True where a transaction is open: then send the message, and call `leave`. Else it is queued. Raises `refuse`'s error."""
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._is_open:
                self._sends += 1
                return True
            self._queue.append(pending)
            self._changed.notify_all()
            return False

    def leave(self) -> None:
        with self._lock:
            self._sends -= 1
            if not self._sends:
                self._changed.notify_all()

    # -- for the application's transaction

    def acquire_to_begin(self, timeout: float) -> None:
        """Wait for the producer, after the messages that are queued now. Raises what keeps a transaction from beginning."""
        with self._lock:
            if self._is_open or self._is_beginning:
                raise SinetError("this writer is in a transaction already")
            self._is_beginning, self._before_begin = True, len(self._queue)
            try:
                in_time = self._changed.wait_for(self._may_begin, timeout)
                if self._refusal is not None:
                    raise self._refusal
                if not in_time:
                    raise PublishTimeoutError("earlier messages were not committed in time")
                self._has_owner = True
            finally:
                self._is_beginning, self._before_begin = False, 0
                self._changed.notify_all()

    def take_or_open(self) -> Pending | None:
        """The next message that is queued, to be sent in the transaction; None when there is none and the transaction is open."""
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            self._is_open = True
            return None

    def acquire_to_end(self) -> None:
        """Take the producer from those who send in the open transaction. Raises `SinetError` where none is open."""
        with self._lock:
            if self._was_closed_inside:
                raise ConnectionError(_CLOSED_INSIDE)
            if not self._is_open:
                raise SinetError("this writer is not in a transaction")
            self._is_open = False
            self._has_owner = True

    def wait_for_sends(self) -> None:
        """Close the transaction to further messages, and wait for those who send in it."""
        with self._lock:
            self._is_open = False
            self._changed.wait_for(lambda: not self._sends)

    def release(self) -> None:
        """Give the producer back."""
        with self._lock:
            self._has_owner = False
            self._changed.notify_all()

    # -- for the batcher's thread

    def acquire_group(self) -> int | None:
        """Wait for messages and for the producer: how many there are, or None when closed."""
        with self._lock:
            self._changed.wait_for(self._has_group)
            if self._refusal is not None:
                return None
            self._has_owner = True
            return self._count_ready()

    def take(self, messages: int, size: float = inf) -> list[Pending]:
        """Up to so many messages, until they have so many bytes."""
        taken: list[Pending] = []
        with self._lock:
            while self._queue and len(taken) < messages and size > 0:
                pending = self._queue.popleft()
                taken.append(pending)
                size -= len(pending[1][0])
            self._before_begin = max(0, self._before_begin - len(taken))
        return taken

    # -- for closing

    def refuse(self, error: Exception) -> None:
        """Let everything fail from now on; the first error counts."""
        with self._lock:
            self._refusal = self._refusal or error
            self._changed.notify_all()

    def fail_queued(self) -> None:
        """Let everything that is queued fail."""
        if self._refusal is not None:
            for delivery, _ in self.take(len(self._queue)):
                delivery.fail(self._refusal)

    def close_inside(self) -> bool:
        """Wait until no thread uses the producer. Whether a transaction was open, which can only be aborted from then on."""
        with self._lock:
            self._changed.wait_for(lambda: not self._has_owner and not self._sends)
            was_open, self._is_open = self._is_open, False
            self._was_closed_inside = self._was_closed_inside or was_open
            return was_open

    @property
    def was_closed_inside(self) -> bool:
        """Whether the writer was closed while a transaction was open."""
        return self._was_closed_inside

    def _may_begin(self) -> bool:
        return self._refusal is not None or not (self._has_owner or self._before_begin)

    def _has_group(self) -> bool:
        if self._has_owner:
            return False
        return self._refusal is not None or (not self._is_open and self._count_ready() > 0)

    def _count_ready(self) -> int:
        return self._before_begin if self._is_beginning else len(self._queue)
