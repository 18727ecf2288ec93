"""What came of connecting: accepted, refused, ready or lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sinetstream.errors import ConnectionError, SinetError
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.connection_delegate import ConnectionDelegate
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.reason_codes import refusal
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.session.session_resumption import SessionResumption

__all__ = ["ConnectionFacts", "Handshake"]

_FOR_THE_CLIENT_ID = frozenset((0x85, 0x87))  # it is not valid, or not authorized


@dataclass(slots=True)
class ConnectionFacts:
    """What `info` tells of a connection."""

    state: str = "closed"
    broker: str | None = None
    connections: int = 0
    session_resumed: bool = False
    session_expiry_s: int | None = None
    client_id: str = ""


class Handshake:
    """The latest attempt to connect, from CONNECT to the end of the connection. Used by the connection's thread."""

    def __init__(
        self,
        parameters: Parameters,
        resumption: SessionResumption,
        delegate: ConnectionDelegate,
        facts: ConnectionFacts,
    ) -> None:
        self._parameters = parameters
        self._resumption = resumption
        self._delegate = delegate
        self._facts = facts
        self.is_ready = False
        self.error: SinetError | None = None
        """Why the broker, or the delegate, does not accept the connection, or how it was lost."""

    def set_callbacks(self, client: PahoClient) -> None:
        """Hear from this client."""
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect

    def begin(self, broker: Address) -> bool:
        """Before CONNECT: end an old session that CONNECT cannot end. Returns whether to ask for a new one."""
        self._broker = broker
        self.is_ready, self.error = False, None
        return self._resumption.before_connect(broker, first=self._is_first)

    def loss(self) -> SinetError:
        """The error for a connection that has ended."""
        return self.error or ConnectionError(f"{self._broker}: hung up", broker=str(self._broker))

    @property
    def _is_first(self) -> bool:
        return not self._facts.connections

    def _on_connect(self, client: Any, _userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            identity = self._parameters.client_id
            advice = f" ({identity.advice})" if reason.value in _FOR_THE_CLIENT_ID else ""
            self.error = refusal(f"the connection of {identity.sent!r}", reason, advice)
            return
        self._facts.session_resumed = flags.session_present
        asked_s = self._parameters.session.expiry_s
        self._facts.session_expiry_s = getattr(properties, "SessionExpiryInterval", asked_s)
        resumption, broker = self._resumption, self._broker
        there = resumption.is_there(session_present=flags.session_present)
        if there and resumption.begins_anew(broker, first=self._is_first):
            # It was given up after CONNECT had been sent, or the broker did not end it.
            self.error = ConnectionError(f"{broker}: the old session is still there", broker=str(broker))
            return
        self._delegate.on_connected(client, properties, resumed=resumption.resumed(broker, there=there))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self.error is None:
            words = f"{self._broker}: the connection was lost: {reason}"
            self.error = ConnectionError(words, broker=str(self._broker))
