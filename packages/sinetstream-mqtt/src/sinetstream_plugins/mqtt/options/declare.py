"""How the options of MQTT are declared."""

from __future__ import annotations

from typing import TypeVar

from sinetstream.spi.options import Checked, Kind, Option, Side, Text
from sinetstream_plugins.mqtt.options.utf8_rules import fault

__all__ = ["TEXT", "option"]

T = TypeVar("T")

TEXT: Kind[str] = Checked("a string", fault, Text(empty=True))
"""Text that MQTT can carry."""


def option(
    name: str,
    kind: Kind[T],
    default: T,
    help: str = "",  # noqa: A002  as `Option` has it
    *,
    side: Side = "both",
    older: str = "",
    default_words: str = "",
) -> Option[T]:
    """An option for which an empty value in a file counts as not given."""
    return Option(name, kind, default, help, side, (older,) if older else (), True, default_words)
