"""What went through one reader or writer, counted."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

__all__ = ["Meter", "Metrics"]

_SUMMED_AT_ONCE = 3 * 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """A snapshot that no longer changes.

    `start_time` is when counting began (construction or the last reset), `end_time` when the last message or error was
    counted, both in seconds since the Unix epoch. Sizes are in bytes, rates in units per second of `time`. A message
    counts when it was really sent or delivered: `msg_bytes_*` as the broker carried it, `msg_uncompressed_bytes_total`
    before compression, `msg_compressed_bytes_total` after. `raw` is what the plugin itself counts; None after close.
    """

    start_time: float = 0.0
    end_time: float = 0.0
    msg_count_total: int = 0
    msg_uncompressed_bytes_total: int = 0
    msg_compressed_bytes_total: int = 0
    msg_bytes_total: int = 0
    msg_size_min: int | None = None
    msg_size_max: int | None = None
    error_count_total: int = 0
    raw: Any = None

    @property
    def start_time_ms(self) -> float:
        return self.start_time * 1000

    @property
    def end_time_ms(self) -> float:
        return self.end_time * 1000

    @property
    def time(self) -> float:
        return self.end_time - self.start_time

    @property
    def time_ms(self) -> float:
        return self.time * 1000

    @property
    def msg_count_rate(self) -> float:
        return self._per_second(self.msg_count_total)

    @property
    def msg_bytes_rate(self) -> float:
        return self._per_second(self.msg_bytes_total)

    @property
    def error_count_rate(self) -> float:
        return self._per_second(self.error_count_total)

    @property
    def msg_size_avg(self) -> float:
        return self.msg_bytes_total / self.msg_count_total if self.msg_count_total else 0.0

    @property
    def msg_compression_ratio(self) -> float:
        """Compressed size over uncompressed size: smaller is better; 1.0 when nothing was counted."""
        if not self.msg_uncompressed_bytes_total:
            return 1.0
        return self.msg_compressed_bytes_total / self.msg_uncompressed_bytes_total

    def _per_second(self, count: int) -> float:
        return count / self.time if self.time > 0 else 0.0

    def __str__(self) -> str:
        return ",".join(f"{name}={getattr(self, name)}" for name in _PRINTED)


_PRINTED = (
    "start_time",
    "start_time_ms",
    "end_time",
    "end_time_ms",
    "time",
    "time_ms",
    "msg_count_total",
    "msg_count_rate",
    "msg_uncompressed_bytes_total",
    "msg_compressed_bytes_total",
    "msg_compression_ratio",
    "msg_bytes_total",
    "msg_bytes_rate",
    "msg_size_min",
    "msg_size_max",
    "msg_size_avg",
    "error_count_total",
    "error_count_rate",
    "raw",
)


class Meter:
    """Counts for one reader or writer, from any thread.

    Counting a message is one step; the sums are made of many messages at a time, and for a snapshot.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: list[int] = []  # three numbers for each message
        self._clear()

    def _clear(self) -> None:
        self._start = self._end = self._latest = time.time()
        self._count = self._errors = self._plain = self._compressed = self._bytes = 0
        self._min: int | None = None
        self._max: int | None = None

    def record_message(self, size: int, compressed: int, plain: int, now: float) -> None:
        """Count one message: its size as carried, after compression, before compression; `now` in seconds."""
        self._latest = now
        new = self._new
        new.extend((size, compressed, plain))  # in one step, whatever other threads do
        if len(new) >= _SUMMED_AT_ONCE:
            with self._lock:
                self._sum()

    def record_error(self) -> None:
        """Count one error."""
        with self._lock:
            self._errors += 1
            self._end = max(self._end, time.time())

    def forked(self) -> None:
        """In a forked child: a thread that is not here may hold the lock."""
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._new.clear()
            self._clear()

    def snapshot(self, raw: Any) -> Metrics:
        """The counts at this moment, consistent with one another."""
        with self._lock:
            self._sum()
            return Metrics(
                start_time=self._start,
                end_time=self._end,
                msg_count_total=self._count,
                msg_uncompressed_bytes_total=self._plain,
                msg_compressed_bytes_total=self._compressed,
                msg_bytes_total=self._bytes,
                msg_size_min=self._min,
                msg_size_max=self._max,
                error_count_total=self._errors,
                raw=raw,
            )

    def _sum(self) -> None:
        new = self._new[:]
        if not new:
            return
        del self._new[: len(new)]  # what other threads append meanwhile stays
        sizes = new[::3]
        self._count += len(sizes)
        self._bytes += sum(sizes)
        self._compressed += sum(new[1::3])
        self._plain += sum(new[2::3])
        self._end = max(self._end, self._latest)
        smallest, largest = min(sizes), max(sizes)
        self._min = smallest if self._min is None else min(self._min, smallest)
        self._max = largest if self._max is None else max(self._max, largest)
