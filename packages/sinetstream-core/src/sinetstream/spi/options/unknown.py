"""Names that are no option's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.spelling import nearest
from sinetstream.spi.options.option import Option
from sinetstream.wording import wrong

__all__ = ["refuse_unknown"]

_FEW = 20


def refuse_unknown(name: object, path: str, known: Mapping[str, Option[Any]]) -> None:
    """Raises `InvalidArgumentError` with the nearest known name and whose it is, or all names where they are few."""
    meant = nearest(name, known) if isinstance(name, str) else None
    if meant is not None:
        whose = "" if known[meant].side == "both" else f", an option of {known[meant].whose}"
        hint = f"; did you mean {meant!r}{whose}?"
    elif known and len(known) <= _FEW:
        hint = f"; known are {', '.join(sorted(known))}"
    else:
        hint = "" if known else "; there are none"
    raise wrong(path, f"unknown parameter{hint}")
