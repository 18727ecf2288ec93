"""Secrets that a file has without quotes, so that YAML reads them as numbers, dates or truth values."""

from __future__ import annotations

from sinetstream.config.log_once import warn_once
from sinetstream.errors import InvalidConfigError
from sinetstream.masked import MaskedStr
from sinetstream.wording import kind

__all__ = ["Unquoted"]


class Unquoted:
    """A value that YAML does not read as text, with the text that stands in the file; it never prints."""

    __slots__ = ("_text", "value")

    def __init__(self, text: str, value: object) -> None:
        self._text = text
        self.value = value

    def as_text(self, path: str, version: int) -> MaskedStr:
        """The text in the file, with a warning, where it can only mean itself (`12345`) and the file is of version 1 or 2.

        Otherwise an `InvalidConfigError` that says to quote it: nobody knows whether `01234` means itself or 668, as
        which YAML reads it.
        """
        words = f"{path}: must be text; without quotes YAML reads it as {kind(self.value)}"
        means_itself = type(self.value) in (int, float) and str(self.value) == self._text
        if version >= 3 or not means_itself:
            raise InvalidConfigError(f"{words}; put it in quotes", path=path)
        warn_once(f"{words}; it is taken as it stands in the file; put it in quotes")
        return MaskedStr(self._text)
