"""The fetch buffer: messages that were received and not handed out yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from sinetstream_plugins.kafka.consume.assignment import PartitionState

__all__ = ["WINDOW", "Batch", "FetchBuffer"]

Batch = tuple[PartitionState, list[Any]]

WINDOW = 1000
"""How many messages may be in flight: handed out and not acknowledged."""

_SIZES = [attrgetter(f"serialized_{part}_size") for part in ("key", "value", "header")]
_MAX_BYTES = 32 * 1024 * 1024


class FetchBuffer:
    """Batches in order of arrival, and errors among them. It takes whatever is put: `is_full` says when to stop fetching.

    It is full at 32 MiB of keys, values and headers, or at `max_messages`. Not bounded by it: what the last `poll` brought beyond
    (at most `max_poll_records` messages), and what kafka-python has fetched and not yet returned (at most `fetch_max_bytes`
    from each broker and `max_partition_fetch_bytes` of each partition, before decompression).
    """

    def __init__(self, max_messages: int, count_in_flight: Callable[[], int]) -> None:
        self._max_messages = max_messages
        self._count_in_flight = count_in_flight
        self.is_window_full = False  # `take` waits for messages to be processed
        self._lock = threading.RLock()  # entered in one step; Ctrl-C can leave a Condition's default lock taken
        self._changed = threading.Condition(self._lock)
        self._entries: deque[tuple[int, int, Batch | Exception]] = deque()
        self._messages = self._bytes = 0
        self._has_error = self._is_closed = self._is_woken = False

    def is_full(self) -> bool:
        """Whether to stop fetching."""
        return self._messages >= self._max_messages or self._bytes >= _MAX_BYTES

    def has_error(self) -> bool:
        """Whether an error waits to be taken."""
        return self._has_error

    def put(self, state: PartitionState, records: list[Any]) -> None:
        size = _count_bytes(records)
        with self._lock:
            self._messages += len(records)
            self._bytes += size
            self._entries.append((len(records), size, (state, records)))
            self._changed.notify_all()

    def put_error(self, error: Exception) -> None:
        """Let `take` raise this error. Ignored while another error waits: without a limit they would pile up."""
        with self._lock:
            if not self._has_error:
                self._has_error = True
                self._entries.append((0, 0, error))
                self._changed.notify_all()

    def take(self, timeout: float | None) -> Batch | None:
        """Wait for the next batch; None after the timeout or when closed. Raises the next error.

        Waits also while the batch would bring more than `WINDOW` messages in flight.
        """
        with self._lock:
            if not self._changed.wait_for(self._can_take, timeout) or self._is_closed:
                return None
            messages, size, item = self._entries.popleft()
            had_room = self._has_room()
            self._messages -= messages
            self._bytes -= size
            if self._has_room() and not had_room:
                self._changed.notify_all()
            if isinstance(item, Exception):
                self._has_error = False
                self._changed.notify_all()
        if isinstance(item, Exception):
            raise item
        return item

    def notify_processed(self) -> None:
        """Let `take` look again whether the next batch fits into the window."""
        with self._lock:
            self._changed.notify_all()

    def drop(self, states: Iterable[PartitionState]) -> None:
        """Forget what was received from these partitions."""
        dropped = set(states)
        with self._lock:
            kept = [entry for entry in self._entries if isinstance(entry[2], Exception) or entry[2][0] not in dropped]
            self._entries = deque(kept)
            self._messages = sum(messages for messages, _, _ in kept)
            self._bytes = sum(size for _, size, _ in kept)
            self._changed.notify_all()

    def wait_for_room(self, timeout: float) -> None:
        """For the consumer's thread: wait until half is free and no error waits, or for `wake_consumer_thread`."""
        with self._lock:
            self._changed.wait_for(lambda: self._is_woken or (self._has_room() and not self._has_error), timeout)
            self._is_woken = False

    def wake_consumer_thread(self) -> None:
        """End a `wait_for_room` now."""
        with self._lock:
            self._is_woken = True
            self._changed.notify_all()

    def close(self) -> None:
        """End every wait; `take` returns None from now on."""
        with self._lock:
            self._is_closed = self._is_woken = True
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self._messages <= self._max_messages // 2 and self._bytes <= _MAX_BYTES // 2

    def _can_take(self) -> bool:
        if self._is_closed or not self._entries:
            return self._is_closed
        messages = self._entries[0][0]
        in_flight = self._count_in_flight() if messages else 0
        self.is_window_full = bool(in_flight) and in_flight + messages > WINDOW
        return not self.is_window_full


def _count_bytes(records: list[Any]) -> int:
    """kafka-python gives -1 as the size of a part that a message lacks, so 1 is added for each part."""
    return sum(sum(map(size, records)) for size in _SIZES) + len(_SIZES) * len(records)
