"""What a connection calls on the reader or writer that it belongs to."""

from __future__ import annotations

from typing import Protocol

from paho.mqtt.properties import Properties
from sinetstream.errors import SinetError
from sinetstream_plugins.mqtt.paho.client import PahoClient

__all__ = ["ConnectionDelegate"]


class ConnectionDelegate(Protocol):
    """Called on the connection's thread. Only this thread, or one within `Wakeup.run_inline`, uses paho's client."""

    @property
    def description(self) -> str:
        """What it is, for logs and errors about more than one."""

    def set_callbacks(self, client: PahoClient) -> None:
        """Set the callbacks."""

    def on_connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        """The broker accepted the client; `Connection.set_ready` or `Connection.refuse` is called now or later.

        `resumed`: it goes on with the session of the connection before. MQTT 3.1 does not tell: there, it is taken for granted.
        """

    def send_pending(self, client: PahoClient) -> None:
        """Give paho what it is to send."""

    def has_pending(self) -> object:
        """Whether `send_pending` would send something."""

    def on_disconnected(self) -> None:
        """The connection is gone; also after an attempt that failed."""

    def on_pubrel(self, mid: int) -> None:
        """PUBREL came: the broker has seen our PUBREC."""

    def on_lost(self, error: SinetError) -> None:
        """The connection has been lost for longer than the limit; once per loss."""

    def on_conflict(self, error: SinetError) -> None:
        """The broker has ended several connections in a row soon after it had accepted them; once."""

    def on_closed(self, error: SinetError | None) -> None:
        """The thread ends: this is the last call. With an error, where it was not the user who has closed it."""
