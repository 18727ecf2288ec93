"""The card for programs."""

from __future__ import annotations

import json

from sinetstream.testing.report.card import Card

__all__ = ["as_json"]


def as_json(card: Card, title: str) -> str:
    """`counts` by verdict, and `promises` with `area`, `test`, `promise`, `verdict` and `detail`."""
    return json.dumps(
        {
            "title": title,
            "counts": {verdict.name: count for verdict, count in card.counts.items()},
            "promises": [line._asdict() | {"verdict": line.verdict.name} for line in card.lines],
        },
        ensure_ascii=False,
        indent=2,
    )
