"""From an exception of a client library to an error of ours, as a plugin declares it in `errors`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sinetstream.errors import Outcome, SinetError

__all__ = ["ErrorTable", "Translation"]


@dataclass(frozen=True, slots=True)
class Translation:
    """A value in `errors` that says more than the class: `{TooLarge: Translation(InvalidMessageError, "not_sent")}`.

    `outcome` is what became of a message whose publish failed with that exception. A plugin that knows more facts (size,
    limit, broker) raises an error of ours with them, `from` the client library's.
    """

    error: type[SinetError]
    outcome: Outcome


ErrorTable = Mapping[type[Exception], type[SinetError] | Translation]
"""The type of `Plugin.errors`."""
