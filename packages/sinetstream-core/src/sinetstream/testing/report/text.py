"""The card for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sinetstream.testing.report.card import Card, Line
from sinetstream.testing.verdict import Verdict

__all__ = ["as_text", "grouped", "summary"]


def as_text(card: Card, title: str) -> str:
    """By area; a test that was run through several APIs is one line where all have the same verdict."""
    parts = [title, "=" * len(title)]
    for area, lines in groupby(card.lines, lambda line: line.area):
        parts += ["", area.replace("_", " ")]
        for line in grouped(lines):
            parts.append(f"  {line.verdict.value:<{_WIDTH}}  {line.promise}")
            if line.detail:
                parts.append(f"  {'':<{_WIDTH}}  -> {line.detail}")
    return "\n".join([*parts, "", summary(card)])


_WIDTH = max(len(verdict.value) for verdict in Verdict)


def summary(card: Card) -> str:
    """The number of guarantees with each verdict."""
    return ", ".join(f"{count} {verdict.value}" for verdict, count in card.counts.items()) or "nothing was tested"


def grouped(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines of one test with the same outcome become one, the others name what they were run with."""
    for _, group in groupby(lines, lambda line: line.test.partition("[")[0]):
        same = list(group)
        if len({(line.verdict, line.detail) for line in same}) == 1:
            yield same[0]
        else:
            for line in same:
                which = line.test.partition("[")[2].rstrip("]")
                yield line._replace(promise=f"{line.promise} [{which}]") if which else line
