"""What was received and not yet asked for, between the consumer's thread and the application's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from kafka.consumer.fetcher import ConsumerRecord

from sinetstream_plugins.kafka.consume.assignment import PartitionState

__all__ = ["WINDOW", "Batch", "FetchBuffer"]

Batch = tuple[PartitionState, list[Any]]

WINDOW = 1000
"""How many messages may be handed out and not finished."""

_SIZES = [itemgetter(ConsumerRecord._fields.index(f"serialized_{part}_size")) for part in ("key", "value", "header")]
_LARGEST = 32 * 1024 * 1024


class FetchBuffer:
    """Batches in order of arrival, and errors in their place. It takes what it is given: `full` says when to stop.

    That is at 32 MiB of keys, values and headers, or so many messages. Not bounded by it: what the last `poll` brought
    beyond (at most `max_poll_records` messages), and what kafka-python has fetched and not yet given (at most
    `fetch_max_bytes` from each broker and `max_partition_fetch_bytes` of each partition, before decompression).
    """

    def __init__(self, messages: int, unfinished: Callable[[], int]) -> None:
        self._room = messages
        self._unfinished = unfinished
        self.holds_back = False
        self._lock = threading.RLock()  # entered in one step, where Ctrl-C can leave a Condition locked
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[tuple[int, int, Batch | Exception]] = deque()
        self._messages = self._bytes = 0
        self._failed = self._closed = self._nudged = False

    def full(self) -> bool:
        """Whether to stop receiving."""
        return self._messages >= self._room or self._bytes >= _LARGEST

    def _roomy(self) -> bool:
        return self._messages <= self._room // 2 and self._bytes <= _LARGEST // 2

    def put(self, state: PartitionState, records: list[Any]) -> None:
        size = _size(records)
        with self._lock:
            self._messages += len(records)
            self._bytes += size
            self._waiting.append((len(records), size, (state, records)))
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Let whoever takes next get this error, unless one waits already: while nobody reads, they would pile up."""
        with self._lock:
            if not self._failed:
                self._failed = True
                self._waiting.append((0, 0, error))
                self._changed.notify_all()

    def failed(self) -> bool:
        """Whether an error waits to be taken."""
        return self._failed

    def take(self, timeout: float | None) -> Batch | None:
        """The next batch; None after the timeout or when closed. Raises the next error.

        Waits as well while more would be unfinished than `WINDOW`.
        """
        with self._lock:
            if not self._changed.wait_for(self._may_go_on, timeout) or self._closed:
                return None
            messages, size, item = self._waiting.popleft()
            was_roomy = self._roomy()
            self._messages -= messages
            self._bytes -= size
            if self._roomy() and not was_roomy:
                self._changed.notify_all()
            if isinstance(item, Exception):
                self._failed = False
                self._changed.notify_all()
        if isinstance(item, Exception):
            raise item
        return item

    def record_processed(self) -> None:
        """There may be less unfinished than before."""
        with self._lock:
            self._changed.notify_all()

    def _may_go_on(self) -> bool:
        if self._closed or not self._waiting:
            return self._closed
        messages = self._waiting[0][0]
        unfinished = self._unfinished() if messages else 0
        self.holds_back = bool(unfinished) and unfinished + messages > WINDOW
        return not self.holds_back

    def drop(self, states: Iterable[PartitionState]) -> None:
        """Forget what was received for these."""
        dropped = set(states)
        with self._lock:
            kept = [entry for entry in self._waiting if isinstance(entry[2], Exception) or entry[2][0] not in dropped]
            self._waiting = deque(kept)
            self._messages = sum(messages for messages, _, _ in kept)
            self._bytes = sum(size for _, size, _ in kept)
            self._changed.notify_all()

    def nudge(self) -> None:
        """End a `wait` now."""
        with self._lock:
            self._nudged = True
            self._changed.notify_all()

    def wait(self, timeout: float) -> None:
        """For the consumer's thread: until half is free and no error waits, somebody nudges, or the time is over."""
        with self._lock:
            self._changed.wait_for(lambda: self._nudged or (self._roomy() and not self.failed()), timeout)
            self._nudged = False

    def close(self) -> None:
        """Let whoever waits go."""
        with self._lock:
            self._closed = self._nudged = True
            self._changed.notify_all()


def _size(records: list[Any]) -> int:
    """In bytes. kafka-python says -1 for a part that a message has not; so each part counts one more than it is."""
    return sum(sum(map(size, records)) for size in _SIZES) + len(_SIZES) * len(records)
