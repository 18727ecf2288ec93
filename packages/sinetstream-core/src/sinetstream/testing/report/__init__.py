"""Reports of the kit's findings as text, HTML and JSON."""

from sinetstream.testing.report.card import Card, Line

__all__ = ["Card", "Line"]
