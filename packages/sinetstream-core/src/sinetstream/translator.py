"""From whatever a plugin raises to what the application gets."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

from sinetstream.errors import SinetError

__all__ = ["Translator"]


class Translator:
    """Translates the exceptions of one plugin by its table; as a context manager, those that leave the block.

    It has no state: one object serves several blocks and threads at once.
    """

    def __init__(self, type_name: str, table: Mapping[type[BaseException], type[SinetError]]) -> None:
        self._type = type_name
        self._table = table

    def translate(self, error: Exception) -> SinetError:
        """An error of ours is returned as it is; another becomes the cause of the result."""
        if isinstance(error, SinetError):
            return error
        found = next((self._table[cls] for cls in type(error).__mro__ if cls in self._table), SinetError)
        try:
            ours = found(f"{self._type}: {type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001  an error without words, or a class in the table that takes none
            ours = SinetError(f"{self._type}: {type(error).__name__}")
        ours.__cause__ = error
        return ours

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, SinetError):
            raise self.translate(error)
