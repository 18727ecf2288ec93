"""What all kinds of readers share."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Unpack

from sinetstream.clock import microseconds
from sinetstream.endpoint import Endpoint
from sinetstream.options import ReaderOptions
from sinetstream.session import Session
from sinetstream.source import Source
from sinetstream.spi.abilities import Ability
from sinetstream.transaction import Participant

__all__ = ["ReaderEndpoint", "Seekable", "participant_of"]


class ReaderEndpoint(Endpoint):
    """A reader's topics, and its position."""

    _plugin_class: ClassVar[staticmethod[[str], type[Any]]]
    _own_thread: ClassVar[bool] = False  # whether a thread of ours iterates the plugin
    _participant: Participant

    def __init__(
        self,
        service: str | None = None,
        topics: str | list[str] | None = None,
        config: str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        **kwargs: Unpack[ReaderOptions],
    ) -> None:
        source = Source(service, topics, config, config_file, kwargs)
        self._session = Session("reader", source, self._plugin_class, own_thread=self._own_thread)
        self._set_up()

    @abstractmethod
    def _set_up(self) -> None:
        """Set the attributes of this kind of reader."""

    @property
    def topics(self) -> str | list[str] | None:
        """The topics as they were given: a string, a list, or None."""
        given = self._session.settings.topics_as_given
        return list(given) if isinstance(given, list) else given

    @property
    def receive_timeout_ms(self) -> float:
        """How long a loop waits for the next message, in milliseconds; `math.inf` for ever."""
        return self._session.settings.receive_timeout_ms

    @property
    def value_deserializer(self) -> Callable[[bytes], Any] | None:
        """The function that replaces the value type's, None where there is none."""
        return self._session.settings.codec.deserializer

    def _seek(self, ability: Ability, method: str, *args: Any) -> None:
        self._session.require(ability, method)
        plugin = self._session.plugin()
        with self._session.translating():
            getattr(plugin, method)(*args)


class Seekable(ReaderEndpoint):
    """Seeking, where the plugin declares it. Each method blocks until the broker has told the new position."""

    def seek_to_beginning(self) -> None:
        """Continue with the oldest message that the broker has. Raises `UnsupportedOperationError` where the plugin cannot."""
        self._seek(Ability.SEEK, "seek_to_beginning")

    def seek_to_end(self) -> None:
        """Continue with messages that are published from now on. Raises `UnsupportedOperationError` where the plugin cannot."""
        self._seek(Ability.SEEK, "seek_to_end")

    def seek_to_time(self, timestamp: float) -> None:
        """Continue with the first message of that time or later, in seconds since the Unix epoch, as in `publish`.

        Raises `UnsupportedOperationError` where the plugin cannot.
        """
        self._seek(Ability.SEEK_TIME, "seek_to_time", microseconds(timestamp))


def participant_of(reader: ReaderEndpoint) -> Participant:
    """The reader's side of a transaction, for this package only: applications have no access to it."""
    return reader._participant  # noqa: SLF001  this module owns the attribute
