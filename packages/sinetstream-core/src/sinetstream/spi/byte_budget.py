"""So many bytes at a time, taken and given back from any thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

from sinetstream.errors import BufferFullError
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["ByteBudget"]


class ByteBudget:
    """At most `limit` bytes are taken at a time; `math.inf` is no limit.

    Who waits for room gets it first come first served: while anybody waits, `try_take` takes nothing. Every method may
    be called from any thread and in a signal handler; an exception of a signal handler does not leave it locked, and
    withdraws what it interrupts the waiting for.
    """

    def __init__(self, limit: float, advice: str = "") -> None:
        self.limit = limit
        self._advice = advice
        self._lock, self._granted = lock_and_condition()
        self.taken = 0  # the bytes that are taken now; for others to read
        self._waiting: deque[_Request] = deque()

    def try_take(self, size: int) -> bool:
        """Take so many bytes if there is room for them now."""
        with self._lock:
            if self._waiting or self.taken + size > self.limit:
                return False
            self.taken += size
            return True

    def take(self, size: int, deadline: Deadline) -> bool:
        """Take so many bytes, waiting for room. False where the deadline has passed, or it was stopped, before.

        Raises `BufferFullError` where there can never be room.
        """
        if self.try_take(size):
            return True
        request, withdraw = self._request(size, None)
        try:
            with self._lock:
                has_room = deadline.wait_until(
                    lambda seconds: self._granted.wait_for(lambda: request.is_granted, seconds)
                )
        except BaseException:
            withdraw()
            raise
        if not has_room:
            withdraw()
        return has_room

    def overdraw(self, size: int) -> None:
        """Count bytes that are in use already, beyond the limit if need be."""
        with self._lock:
            self.taken += size

    def clamp(self, size: int) -> int:
        """`size`, or the whole limit if that is less: for a message that is to go alone rather than never."""
        return size if size <= self.limit else int(self.limit)

    def take_later(self, size: int, call: Callable[[], None]) -> Callable[[], None]:
        """Take so many bytes as soon as there is room, then call `call`: at once, or on the thread that gives back.

        `call` must not raise. The result withdraws the request, or gives the bytes back if they were taken; once,
        however often it is called. Raises `BufferFullError` where there can never be room.
        """
        return self._request(size, call)[1]

    def give_back(self, size: int) -> None:
        """Return bytes that were taken, and serve those who wait."""
        with self._lock:
            if not self._waiting:
                self.taken -= size
                return
        calls: list[Callable[[], None]] = []
        try:
            with self._lock:
                self.taken -= size
                while self._waiting and self.taken + self._waiting[0].size <= self.limit:
                    request = self._waiting[0]
                    if request.call is None:
                        self._granted.notify_all()
                    else:
                        calls.append(request.call)
                    self.taken += request.size
                    request.is_granted = True
                    self._waiting.popleft()
        finally:
            for call in calls:
                call()

    def lift(self) -> None:
        """There is no limit from now on: all who wait get room at once."""
        self.limit = inf
        self.give_back(0)

    def full(self, size: int) -> BufferFullError:
        """The error for not having room for so many bytes; it ends with the advice that was given to the constructor."""
        words = f"{self.taken} bytes wait to be confirmed and {size} more exceed the limit of {self.limit}"
        return BufferFullError(f"{words}: {self._advice}" if self._advice else words, size=size, limit=self.limit)

    def _request(self, size: int, call: Callable[[], None] | None) -> tuple[_Request, Callable[[], None]]:
        if size > self.limit:
            raise self.full(size)
        request = _Request(size, call)

        def withdraw() -> None:
            with self._lock:
                if request in self._waiting:
                    self._waiting.remove(request)
                taken, request.size = request.size if request.is_granted else 0, 0
            self.give_back(taken)

        try:
            with self._lock:
                self._waiting.append(request)
            self.give_back(0)
        except BaseException:
            withdraw()
            raise
        return request, withdraw


class _Request:
    """Bytes that somebody waits for: `call` is called when they were taken; None where its thread waits."""

    __slots__ = ("call", "is_granted", "size")

    def __init__(self, size: int, call: Callable[[], None] | None) -> None:
        self.size = size
        self.call = call
        self.is_granted = False
