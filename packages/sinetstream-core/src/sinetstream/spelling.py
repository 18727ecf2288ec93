"""The known word that a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "distance", "near", "nearest"]


def distance(left: str, right: str) -> int:
    """How many letters to insert, drop, change or swap with their neighbour; case, `_` and `-` do not count."""
    left, right = _folded(left), _folded(right)
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that takes the fewest changes, None where none has half of its letters in place."""
    word = word[:_LONGEST]
    found = min(((distance(word, k), k) for k in known), default=None)
    return found[1] if found and found[0] <= max(1, len(found[1]) // 2) else None


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word within two letters of this one: within one where the known word is shorter than six.

    Short words are near to too much: `qos`, which MQTT has, is two letters from `tls`.
    """
    word = word[:_LONGEST]
    close = ((distance(word, k), k) for k in known if abs(len(_folded(word)) - len(_folded(k))) <= 2)
    found = min(((d, k) for d, k in close if d <= (2 if len(k) > 5 else 1)), default=None)
    return found[1] if found else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of an error sentence: the nearest known word, or all of them where none is near."""
    words = sorted(known)
    meant = nearest(word, words) if isinstance(word, str) else None
    if meant:
        return f"; did you mean {meant!r}?"
    return f"; known are {', '.join(words)}" if words else ""


_LONGEST = 64


def _folded(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")
