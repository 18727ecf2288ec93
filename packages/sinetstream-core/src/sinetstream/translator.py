"""From whatever a plugin raises to what the application gets."""

from __future__ import annotations

from types import TracebackType

from sinetstream.errors import InvalidArgumentError, InvalidMessageError, Outcome, SinetError
from sinetstream.spi.interruption import is_interruption
from sinetstream.spi.translation import ErrorTable, Translation

__all__ = ["Translator"]

_REFUSALS = InvalidArgumentError, InvalidMessageError
"""Errors of publishing for which the message is not sent, where a plugin does not say otherwise."""


class Translator:
    """Translates the exceptions of one plugin by its table; as a context manager, those that leave the block.

    What is not the plugin's doing (`is_interruption`) leaves the block as it is.
    It has no state: one object serves several blocks and threads at once.
    """

    def __init__(self, type_name: str, table: ErrorTable) -> None:
        self._type = type_name
        self._table = table

    def translate(self, error: Exception) -> SinetError:
        """An error of ours is returned as it is; another becomes the cause of the result."""
        if isinstance(error, SinetError):
            return error
        rule = self._rule(error) or SinetError
        ours = rule.error if isinstance(rule, Translation) else rule
        try:
            translated = ours(f"{self._type}: {type(error).__name__}: {error}")
        except Exception:  # noqa: BLE001  an error without words, or a class in the table that takes none
            translated = SinetError(f"{self._type}: {type(error).__name__}")
        translated.__cause__ = error
        return translated

    def translate_publishing(self, error: Exception, outcome: Outcome) -> SinetError:
        """As `translate`, for an error of publishing: `outcome` is its outcome where the plugin does not state one."""
        rule = self._rule(error)
        ours = self.translate(error)
        if isinstance(rule, Translation):
            ours.outcome = rule.outcome
        elif ours.outcome is None:
            ours.outcome = "not_sent" if isinstance(ours, _REFUSALS) else outcome
        return ours

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, SinetError) and not is_interruption(error):
            raise self.translate(error)

    def _rule(self, error: Exception) -> type[SinetError] | Translation | None:
        if isinstance(error, SinetError):
            return None
        return next((self._table[cls] for cls in type(error).__mro__ if cls in self._table), None)
