"""The abilities that the plugin declares, as the API sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.endpoint import session_of
from sinetstream.spi import Ability

__all__ = ["Declared", "Role", "declared", "differences"]

Role = Literal["reader", "writer"]


@dataclass(frozen=True)
class Declared:
    """The abilities of both sides; `declares` is false for a plugin that was written before there were abilities."""

    reader: frozenset[Ability]
    writer: frozenset[Ability]
    declares: bool
    closable_while_reading: bool

    def lacking(self, ability: Ability) -> list[Role]:
        """The sides that would have to declare it and do not."""
        sides: dict[Role, frozenset[Ability]] = {"reader": self.reader, "writer": self.writer}
        return [side for side, abilities in sides.items() if side in _SIDES[ability] and ability not in abilities]

    def has(self, *abilities: Ability) -> bool:
        """Whether all of these are declared where they have to be."""
        return not any(self.lacking(ability) for ability in abilities)


_BOTH: tuple[Role, ...] = ("reader", "writer")
_SIDES: dict[Ability, tuple[Role, ...]] = dict.fromkeys(Ability, _BOTH) | {
    Ability.ACKNOWLEDGE: ("reader",),
    Ability.DURABLE: ("reader",),
    Ability.SEEK: ("reader",),
    Ability.SEEK_TIME: ("reader",),
    Ability.TRANSACTION: ("writer",),
}


def differences(reader: Mapping[str, Any], writer: Mapping[str, Any]) -> list[str]:
    """Differences between the abilities of the two classes of a side, as sentences."""
    found = []
    for one, other, params in (
        (MessageReader, AsyncMessageReader, reader),
        (MessageWriter, AsyncMessageWriter, writer),
    ):
        mine, others = session_of(one(**params)), session_of(other(**params))
        if mine.declares_abilities != others.declares_abilities:
            found.append(f"{one.__name__} or {other.__name__} declares abilities, and the other one declares nothing")
        for ability in sorted(mine.abilities ^ others.abilities, key=repr):
            has, lacks = (one, other) if ability in mine.abilities else (other, one)
            found.append(f"{has.__name__} declares {ability!r}, and {lacks.__name__} does not")
    return found


def declared(reader: Mapping[str, Any], writer: Mapping[str, Any]) -> Declared:
    """The abilities of both sides, read from objects that are constructed and not opened."""
    reading, writing = session_of(MessageReader(**reader)), session_of(MessageWriter(**writer))
    return Declared(
        reader=reading.abilities,
        writer=writing.abilities,
        declares=reading.declares_abilities and writing.declares_abilities,
        closable_while_reading=reading.declares_abilities,
    )
