"""The report card as one HTML file."""

from __future__ import annotations

from html import escape
from itertools import groupby

from sinetstream.testing.report.card import Card
from sinetstream.testing.report.text import grouped, summary

__all__ = ["as_html"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b }
table { border-collapse: collapse; width: 100% }
th { text-align: left; padding-top: 1.2rem }
td { border-top: 1px solid #ddd; padding: .3rem .6rem; vertical-align: top }
td:first-child { white-space: nowrap; font-weight: 600 }
small { display: block; color: #555; overflow-wrap: anywhere }
.KEPT { color: #1a6b2f } .REFUSED { color: #2b4f81 } .NOT_DECLARED, .NOT_OBSERVABLE { color: #666 } .BROKEN { color: #b00020 }
"""


def as_html(card: Card, title: str) -> str:
    """The page; all texts are escaped."""
    rows = []
    for area, lines in groupby(card.lines, lambda line: line.area):
        rows.append(f'<tr><th colspan="2">{escape(area.replace("_", " "))}</th></tr>')
        for line in grouped(lines):
            detail = f"<small>{escape(line.detail)}</small>" if line.detail else ""
            verdict = f'<td class="{line.verdict.name}">{escape(line.verdict.value)}</td>'
            rows.append(f"<tr>{verdict}<td>{escape(line.promise)}{detail}</td></tr>")
    body = "\n".join(rows)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(title)}</h1><p>{escape(summary(card))}</p>
<table>
{body}
</table></body></html>
"""
