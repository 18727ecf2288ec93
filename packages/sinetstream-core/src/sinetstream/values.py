"""The type of a reader's or writer's values: Any, unless it is written out as in `MessageReader[str]`."""

from typing import TYPE_CHECKING, Any

__all__ = ["T"]

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # known to type checkers; `default` comes with Python 3.13

    T = TypeVar("T", default=Any)
else:
    from typing import TypeVar

    T = TypeVar("T")
