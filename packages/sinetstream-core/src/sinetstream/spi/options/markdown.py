"""Options as a table of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf
from typing import Any

from sinetstream.spi.options.kind import Kind
from sinetstream.spi.options.option import Option

__all__ = ["markdown"]

_HEAD = "| parameter | value | default | |\n|---|---|---|---|\n"


def markdown(options: Iterable[Option[Any]]) -> str:
    """One row for each option, and for each option in a group."""
    return _HEAD + "".join(row for option in options for row in _rows(option, ""))


def _rows(option: Option[Any], around: str) -> Iterator[str]:
    older = "".join(f" [`{name}`]" for name in option.older)
    inner: Iterable[Option[Any]] = getattr(_inner(option.kind), "options", {}).values()
    value = "a mapping" if inner else option.kind.words
    default = "" if inner and not option.default_words else _default(option)
    words = option.help if option.side == "both" else f"{option.whose}: {option.help}"
    cells = (f"`{around}{option.name}`{older}", value, default, words)
    yield "".join(f"| {cell} " if cell else "| " for cell in map(_escaped, cells)) + "|\n"
    for each in inner:
        yield from _rows(each, f"{around}{option.name}.")


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|")


def _inner(kind: Kind[Any]) -> Kind[Any]:
    return getattr(kind, "inner", kind)


def _default(option: Option[Any]) -> str:
    default = option.default
    if option.default_words or default is None or default in ({}, [], (), ""):
        return option.default_words
    if isinstance(default, bool):
        return str(default).lower()
    if default == inf:
        return "no limit"
    if isinstance(default, int | float):
        return f"{int(default) if default == int(default) else default:,}"
    return f"`{default}`"
