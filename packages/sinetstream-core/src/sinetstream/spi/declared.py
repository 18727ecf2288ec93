"""Whether what a plugin declares makes sense."""

from __future__ import annotations

from typing import Any, Literal

from sinetstream.errors import UnsupportedServiceTypeError
from sinetstream.spi.abilities import Ability

__all__ = ["declared"]

_READERS = {
    Ability.ACKNOWLEDGE: ("acknowledge",),
    Ability.KEY: ("attributes",),
    Ability.HEADERS: ("attributes",),
    Ability.TIMESTAMP: ("timestamp_us",),
    Ability.SEEK: ("seek_to_beginning", "seek_to_end"),
    Ability.SEEK_TIME: ("seek_to_time",),
}
_WRITERS = {Ability.TRANSACTION: ("transaction",)}


def declared(plugin: Any, name: str, role: Literal["reader", "writer"]) -> frozenset[Ability]:
    """The abilities of a plugin object; none where it declares none.

    Raises `UnsupportedServiceTypeError` where they are no abilities, or a method that one needs is missing.
    """
    abilities: Any = getattr(plugin, "abilities", frozenset())
    if not isinstance(abilities, frozenset | set) or not all(isinstance(ability, Ability) for ability in abilities):
        raise UnsupportedServiceTypeError(f"plugin {name!r}: abilities must be a frozenset of sinetstream.spi.Ability")
    for ability, methods in (_READERS if role == "reader" else _WRITERS).items():
        for method in methods if ability in abilities else ():
            if not callable(getattr(plugin, method, None)):
                raise UnsupportedServiceTypeError(f"plugin {name!r} declares {ability!r}, but has no {method}()")
    return frozenset(abilities)
