"""Gives time limits to calls that may never return."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from sinetstream.testing.verdict import Broken

__all__ = ["Call", "each_within", "within"]

R = TypeVar("R")
Item = TypeVar("Item")


class Call(Generic[R]):
    """A call that runs in a thread of its own."""

    def __init__(self, what: str, call: Callable[[], R]) -> None:
        self._what = what
        self._call = call
        self._results: list[R] = []
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name=f"sinetstream-testing: {what}", daemon=True)
        self._thread.start()

    def result(self, seconds: float) -> R:
        """Return or raise what the call did. Raises `Broken` where the call takes longer."""
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise Broken(f"{self._what} has not returned after {seconds:g} s: it blocks")
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def ends(self, seconds: float) -> bool:
        """Whether it returns or raises within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def running(self) -> bool:
        """Whether it has not returned yet."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            self._errors.append(error)


def each_within(seconds: float, what: str, call: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Call it with each item, in order; `Broken` where one call takes longer."""
    done = 0

    def run() -> None:
        nonlocal done
        for item in items:
            call(item)
            done += 1

    calling, before = Call(what, run), -1
    while done > before and not calling.ends(0):
        before = done
        calling.ends(seconds)
    if not calling.ends(0):
        raise Broken(f"{what} has not returned after {seconds:g} s: it blocks")
    calling.result(0)


def within(seconds: float, what: str, call: Callable[[], R]) -> R:
    """What `call` returns or raises; `Broken` where it takes longer."""
    return Call(what, call).result(seconds)
