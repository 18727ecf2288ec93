"""Publishing and reading through a plugin that does nothing, here and in the published SINETStream."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peer
from peer import Side
from rows import Row, Samples, alternate

__all__ = ["run"]

Task = dict[str, Any]

_COMPARED = {"plain": 3.5, "AES-128-GCM": 17.0, "AES-256-GCM": 17.0}
_COST_US = {"plain": 4.5, "AES-256-GCM": 7.0, "AES-256-EAX": 15.0}
_SIZES = 100, 1000
_CONTESTANT = Path(__file__).with_name("contestant.py")


def run(quick: bool) -> list[Row]:
    with contextlib.ExitStack() as sides:
        ours = sides.enter_context(Side(Path(sys.executable), _CONTESTANT))
        try:
            theirs: Side | None = sides.enter_context(Side(peer.python(), _CONTESTANT))
            why_not = ""
        except OSError as error:
            theirs, why_not = None, str(error)
        return [
            *(_compared(task, ours, theirs, quick, why_not) for task in _tasks(_COMPARED, quick)),
            *(_cost(task, ours, quick) for task in _tasks(_COST_US, quick)),
            _cost({**next(_tasks(_COST_US, quick)), "way": "read acknowledged"}, ours, quick),
        ]


def _tasks(settings: dict[str, float], quick: bool) -> Iterator[Task]:
    for name in settings:
        for size in _SIZES:
            for way in "write", "read":
                count, repeats = (20, 1) if quick else (1000, 5)
                yield {"settings": name, "size": size, "way": way, "count": count, "repeats": repeats}


def _title(task: Task) -> str:
    return f"{task['way']} {task['size']} B {task['settings']}"


def _whole(side: Side, task: Task) -> Callable[[], float]:
    return lambda: float(side.ask(task)["whole"])


def _compared(task: Task, ours: Side, theirs: Side | None, quick: bool, why_not: str) -> Row:
    target = _COMPARED[task["settings"]]
    best = median = None
    note = why_not
    if theirs is not None:
        mine, others = alternate(1 if quick else 9, _whole(ours, task), _whole(theirs, task))
        best, median = others.times(mine)
        note = f"{mine.best * 1e6:.2f} µs, sinetstream {peer.VERSION}: {others.best * 1e6:.1f} µs"
    return Row(
        name=f"messages per second, {_title(task)}",
        unit="times",
        target=target,
        at_least=True,
        measured=best,
        median=median,
        note=note,
    )


def _cost(task: Task, ours: Side, quick: bool) -> Row:
    answers = [ours.ask(task) for _ in range(1 if quick else 15)]
    whole, alone = (Samples(tuple(answer[part] * 1e6 for answer in answers)) for part in ("whole", "alone"))
    best, median = whole.above(alone)
    return Row(
        name=f"the layer's own cost, {_title(task)}",
        unit="µs",
        target=_COST_US[task["settings"]],
        measured=best,
        median=median,
        note=f"the plugin's own {alone.best:.2f} µs subtracted",
    )
