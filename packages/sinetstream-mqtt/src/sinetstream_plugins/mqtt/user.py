"""Whose connection it is: a reader or a writer."""

from __future__ import annotations

from typing import Protocol

from paho.mqtt.properties import Properties
from sinetstream.errors import SinetError
from sinetstream_plugins.mqtt.paho_private import PahoClient

__all__ = ["User"]


class User(Protocol):
    """All of it runs on the connection's thread, which alone, or who stands in for it, touches paho."""

    def prepare(self, client: PahoClient) -> None:
        """Set the callbacks."""

    def connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        """The broker accepted the client; `Connection.ready` or `Connection.refused` is called now or later.

        `resumed`: it goes on with the session of the connection before. MQTT 3.1 does not tell: there, it is taken for granted.
        """

    def work(self, client: PahoClient) -> None:
        """Hand paho what it is to send."""

    def has_work(self) -> object:
        """Whether `work` would do something."""

    def disconnected(self) -> None:
        """The line is gone; also after an attempt that failed."""

    def released(self, mid: int) -> None:
        """The broker has seen our PUBREC."""

    def lost(self, error: SinetError) -> None:
        """The connection has been lost for longer than the limit; once per loss."""

    def ended(self) -> None:
        """The last call."""
