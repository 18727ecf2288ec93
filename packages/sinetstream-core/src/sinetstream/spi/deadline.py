"""How long one step may take, waiting in slices between which it can be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import TypeVar

__all__ = ["SLICE_S", "Deadline"]

T = TypeVar("T")

SLICE_S = 0.2
"""The longest single wait of a step that can be stopped, where nothing else is said."""


_LONGEST_S = 3600.0  # of a wait that nothing stops: Python's locks take no `inf`


class Deadline:
    """A step must have ended so many seconds after this was made, or soon after `stop` was set.

    It does not change, and any thread may use it. `math.inf` seconds are for ever. With `stop`, no single wait takes
    longer than `slice_s`, so that it ends soon after it was stopped.
    """

    __slots__ = ("_at", "_slice_s", "_stop")

    def __init__(self, seconds: float, stop: threading.Event | None = None, *, slice_s: float = SLICE_S) -> None:
        self._at = monotonic() + seconds
        self._stop = stop
        self._slice_s = slice_s if stop is not None else _LONGEST_S

    @classmethod
    def in_ms(cls, milliseconds: float, stop: threading.Event | None = None, *, slice_s: float = SLICE_S) -> Deadline:
        """The same from milliseconds, in which parameters are given."""
        return cls(milliseconds / 1000, stop, slice_s=slice_s)

    def within(self, seconds: float) -> Deadline:
        """A deadline for a part of the step: in so many seconds, and not later than this one."""
        return Deadline(min(seconds, self._at - monotonic()), self._stop, slice_s=self._slice_s)

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was set."""
        return self._stop is not None and self._stop.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the step must end now: the time has passed, or it was stopped."""
        return self.is_stopped or monotonic() >= self._at

    @property
    def left_s(self) -> float:
        """The seconds that are left: 0 once it has passed, `math.inf` where it never does. Stopping does not matter."""
        return max(0.0, self._at - monotonic())

    @property
    def timeout(self) -> float | None:
        """`left_s` as Python's locks and conditions take it: None is for ever."""
        return None if self._at == inf else max(0.0, self._at - monotonic())

    @property
    def slice_s(self) -> float:
        """How long to wait now, at most, before looking at `is_over` again."""
        return min(self._slice_s, self.left_s)

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until the step must end. Returns whether it may go on."""
        left_s = min(seconds, self.left_s)
        (self._stop or threading.Event()).wait(None if left_s == inf else left_s)
        return not self.is_over

    def retry(self, attempt: Callable[[], T]) -> T:
        """Call `attempt`, which raises `TimeoutError` after about one slice, until it returns.

        It is called at least once; its own `TimeoutError` is raised when the step must end. Whatever else it raises is
        raised at once.
        """
        while True:
            try:
                return attempt()
            except TimeoutError:
                if self.is_over:
                    raise

    def wait_until(self, done: Callable[[float], object]) -> bool:
        """Call `done(seconds)`, which waits at most so long, until it returns something true or the step must end.

        It is called at least once. Returns whether it was done.
        """
        while not done(self.slice_s):
            if self.is_over:
                return False
        return True

    def __repr__(self) -> str:
        return f"Deadline(left_s={self.left_s:.3f}, is_stopped={self.is_stopped})"
