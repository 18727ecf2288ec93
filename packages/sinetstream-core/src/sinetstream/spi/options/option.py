"""One declared option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from sinetstream.spi.options.kind import Kind

__all__ = ["Option", "Role", "Side"]

T_co = TypeVar("T_co", covariant=True)

Role = Literal["reader", "writer"]
Side = Literal["reader", "writer", "both"]


@dataclass(frozen=True)
class Option(Generic[T_co]):
    """An option by its `name` under `type_spec`.

    `help` says for people what it does; `default_words` say in the documentation what counts where it is not given, if the
    value of `default` does not. `side` is who uses it: the other side reads, checks and leaves it. `older` are its names
    beside the common parameters, where configuration versions 1 and 2 have it; without them it has `name` there too.
    With `null` an empty value counts as not given, else it is refused.
    """

    name: str
    kind: Kind[T_co]
    default: T_co
    help: str = ""
    side: Side = "both"
    older: tuple[str, ...] = ()
    null: bool = False
    default_words: str = ""

    def belongs_to(self, role: Role) -> bool:
        """Whether this side uses it."""
        return self.side in ("both", role)

    @property
    def whose(self) -> str:
        """Whose it is, in words."""
        return "readers and writers" if self.side == "both" else f"{self.side}s"
