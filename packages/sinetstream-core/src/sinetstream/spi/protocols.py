"""The optional calls, one protocol for each ability: what a plugin that declares it must have.

A plugin needs not inherit them. It may, so that a type checker compares the signatures:

    class LabReader(PluginMessageReader, Seekable): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = [
    "Acknowledging",
    "PluginTransaction",
    "Seekable",
    "SeekableByTime",
    "TakingHeaders",
    "TakingKey",
    "TakingTimestamp",
    "Transactional",
    "WithAttributes",
    "WithTimestamp",
]


class Acknowledging(Protocol):
    """A reader that declares ACKNOWLEDGE."""

    def acknowledge(self, raw: Any) -> None:
        """The application has finished the message that came with `raw`; see `PluginMessageReader.acknowledge`."""


class WithAttributes(Protocol):
    """A reader that declares KEY or HEADERS."""

    def attributes(self, raw: Any) -> tuple[bytes | None, Mapping[str, bytes]]:
        """The key, None where there is none, and the headers. Asked only when the application reads them."""


class WithTimestamp(Protocol):
    """A reader that declares TIMESTAMP."""

    def timestamp_us(self, raw: Any) -> int:
        """The messaging system's own time of the message, in microseconds since the Unix epoch; 0 for none."""


class Seekable(Protocol):
    """A reader that declares SEEK. What was not acknowledged before a seek is forgotten."""

    def seek_to_beginning(self) -> None:
        """Go on at the oldest message that there is."""

    def seek_to_end(self) -> None:
        """Go on at what is published from now on."""


class SeekableByTime(Protocol):
    """A reader that declares SEEK_TIME."""

    def seek_to_time(self, timestamp_us: int) -> None:
        """Go on at the first message of this time or later."""


class TakingKey(Protocol):
    """A writer that declares KEY."""

    def publish(self, message: bytes, *, key: bytes | None = None) -> Any:
        """As `PluginMessageWriter.publish`; messages of one key keep their order."""


class TakingHeaders(Protocol):
    """A writer that declares HEADERS."""

    def publish(self, message: bytes, *, headers: Mapping[str, bytes] | None = None) -> Any:
        """As `PluginMessageWriter.publish`."""


class TakingTimestamp(Protocol):
    """A writer that declares TIMESTAMP."""

    def publish(self, message: bytes, *, timestamp_us: int | None = None) -> Any:
        """As `PluginMessageWriter.publish`; the time of the message, in microseconds since the Unix epoch."""


class PluginTransaction(Protocol):
    """What `Transactional.transaction` begins."""

    def commit(self) -> Any:
        """Make final, together, what was published since it began and what its reader acknowledged.

        Where it raises, nothing is final, and `abort` is called.
        """

    def abort(self) -> Any:
        """Take back what was published, and move the reader back to its last committed position."""


class Transactional(Protocol):
    """A writer that declares TRANSACTION."""

    def transaction(self, reader: Any = None) -> PluginTransaction:
        """Begin one. `reader` is the plugin object of the reader that takes part, or None."""
