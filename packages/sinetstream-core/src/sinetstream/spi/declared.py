"""Checks what a plugin declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Literal

from sinetstream.errors import UnsupportedServiceTypeError
from sinetstream.spi import protocols
from sinetstream.spi.abilities import Ability

__all__ = ["declared"]

_READERS: dict[Ability, type[Any]] = {
    Ability.ACKNOWLEDGE: protocols.Acknowledging,
    Ability.KEY: protocols.WithAttributes,
    Ability.HEADERS: protocols.WithAttributes,
    Ability.TIMESTAMP: protocols.WithTimestamp,
    Ability.SEEK: protocols.Seekable,
    Ability.SEEK_TIME: protocols.SeekableByTime,
}
_WRITERS: dict[Ability, type[Any]] = {
    Ability.KEY: protocols.TakingKey,
    Ability.HEADERS: protocols.TakingHeaders,
    Ability.TIMESTAMP: protocols.TakingTimestamp,
    Ability.TRANSACTION: protocols.Transactional,
}


_BY_NAME = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def declared(plugin: Any, name: str, role: Literal["reader", "writer"]) -> frozenset[Ability]:
    """The abilities of a plugin object; none where it declares none.

    Raises `UnsupportedServiceTypeError` where they are no abilities, or a method or keyword that one needs is missing.
    """
    abilities: Any = getattr(plugin, "abilities", frozenset())
    if not isinstance(abilities, frozenset | set) or not all(isinstance(ability, Ability) for ability in abilities):
        raise UnsupportedServiceTypeError(f"plugin {name!r}: abilities must be a frozenset of sinetstream.spi.Ability")
    for ability, protocol in (_READERS if role == "reader" else _WRITERS).items():
        for lacking in _lacking(plugin, protocol) if ability in abilities else ():
            raise UnsupportedServiceTypeError(f"plugin {name!r} declares {ability!r}, but {lacking}")
    return frozenset(abilities)


def _lacking(plugin: Any, protocol: type[Any]) -> Iterator[str]:
    for method, wanted in vars(protocol).items():
        if method.startswith("_"):
            continue
        found = getattr(plugin, method, None)
        if not callable(found):
            yield f"has no {method}()"
            continue
        keywords = {one.name for one in _parameters(wanted) if one.kind is inspect.Parameter.KEYWORD_ONLY}
        missing = keywords - {one.name for one in _parameters(found) if one.kind in _BY_NAME}
        if missing and not _takes_any(found):
            yield f"its {method}() takes no {', '.join(sorted(missing))}"


def _takes_any(function: Any) -> bool:
    parameters = _parameters(function)
    return not parameters or any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters)


def _parameters(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # something built in, of which nothing is known
        return []
