"""What the plugin says of itself, as the API sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sinetstream import MessageReader, MessageWriter
from sinetstream.spi import Ability

__all__ = ["Declared", "Role", "declared"]

Role = Literal["reader", "writer"]


@dataclass(frozen=True)
class Declared:
    """The abilities of both sides; `declares` is false for a plugin that was written before there were abilities."""

    reader: frozenset[Ability]
    writer: frozenset[Ability]
    declares: bool
    wakes: bool

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


def declared(reader: Mapping[str, Any], writer: Mapping[str, Any]) -> Declared:
    """Construct both sides, which connects nothing, and see."""
    reading, writing = MessageReader(**reader)._session, MessageWriter(**writer)._session
    return Declared(
        reader=reading.abilities,
        writer=writing.abilities,
        declares=reading.declares_abilities and writing.declares_abilities,
        wakes=reading.declares_abilities,
    )
