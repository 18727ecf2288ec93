"""What a benchmark gives back: figures, each beside the one to reach."""

import statistics
import time
from collections.abc import Callable, Sequence
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
        """How many times as long as the other: of the best, and the median, over the rounds in which both took part."""
        both = list(zip(self.values, other.values, strict=False))
        mine, others = zip(*both, strict=True)
        return min(mine) / min(others), statistics.median(one / another for one, another in both)

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


def alternate(
    rounds: int, *contestants: Callable[[], float], beside: Sequence[Callable[[], float]] = (), few: int = 0
) -> list[Samples]:
    """The times that the contestants gave, who take turns: a busy machine is as unkind to one as to the other.

    Those `beside`, for information, take part in the first `few` rounds only.
    """
    times: list[list[float]] = [[] for _ in (*contestants, *beside)]
    for number in range(rounds):
        taking_part = (*contestants, *beside) if number < few else contestants
        for gave, contestant in zip(times, taking_part, strict=False):
            gave.append(contestant())
    return [Samples(tuple(gave)) for gave in times]
