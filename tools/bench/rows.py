"""What a benchmark gives back: figures, each beside the one to reach."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Row", "Samples", "alternate", "seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `measured` is the best of many, `median` what was usual; None where it could not be measured.

    `note` says with what it was compared, or why there is no figure. A target of None is for information.
    """

    name: str
    unit: str
    target: float | None
    measured: float | None
    median: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """None where there is nothing to say."""
        if self.measured is None or self.target is None:
            return None
        return self.measured >= self.target if self.at_least else self.measured <= self.target


@dataclass(frozen=True, slots=True)
class Samples:
    """Times of the same work, from alternating rounds."""

    values: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.values)

    def times(self, other: "Samples") -> tuple[float, float]:
        """How many times as long as the other: of the best, and the median over the rounds."""
        each = [mine / others for mine, others in zip(self.values, other.values, strict=True)]
        return self.best / other.best, statistics.median(each)

    def above(self, other: "Samples") -> tuple[float, float]:
        """How much longer than the other: of the best, and the median over the rounds."""
        each = [mine - others for mine, others in zip(self.values, other.values, strict=True)]
        return self.best - other.best, statistics.median(each)


def seconds(work: Callable[[], object]) -> Callable[[], float]:
    """A contestant for `alternate` that runs this."""

    def timed() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return timed


def alternate(rounds: int, *contestants: Callable[[], float]) -> list[Samples]:
    """The times that the contestants gave, who take turns: a busy machine is as unkind to one as to the other."""
    times: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for gave, contestant in zip(times, contestants, strict=True):
            gave.append(contestant())
    return [Samples(tuple(gave)) for gave in times]
