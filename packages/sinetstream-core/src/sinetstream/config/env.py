"""Environment references in strings of a configuration file."""

from __future__ import annotations

import os
import re
from typing import Any

from sinetstream.errors import InvalidConfigError
from sinetstream.masked import MaskedStr

__all__ = ["Reference", "references"]

_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")


class Reference:
    """A string of a file that names environment variables: `${NAME}` is replaced, `$${` stands for `${`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def resolve(self, path: str) -> MaskedStr:
        """The string with the values in place, masked. A variable that is not set is an `InvalidConfigError`."""

        def value(found: re.Match[str]) -> str:
            if found[0] == "$${":
                return "${"
            if found[1] is None:
                words = "'${' must be followed by a variable's name and '}'; write '$${' for the characters themselves"
                raise InvalidConfigError(f"{path}: {words}", path=path)
            if found[1] not in os.environ:
                raise InvalidConfigError(f"{path}: the environment variable {found[1]} is not set", path=path)
            return os.environ[found[1]]

        return MaskedStr(_REFERENCE.sub(value, self._text))


def references(value: Any) -> Any:
    """A copy of what a file says, with a `Reference` for each string that has one."""
    if isinstance(value, str):
        return Reference(value) if "${" in value else value
    if isinstance(value, dict):
        return {k: references(v) for k, v in value.items()}
    if isinstance(value, list):
        return [references(v) for v in value]
    return value
