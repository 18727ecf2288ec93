"""What the kit found, for people and for programs."""

from sinetstream.testing.report.card import Card, Line

__all__ = ["Card", "Line"]
