"""Whether a connection goes on with the session of the one before."""

from __future__ import annotations

from paho.mqtt.client import MQTTv5, MQTTv31
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.session.clean_session import end_session

__all__ = ["SessionResumption"]


class SessionResumption:
    """Asked before each CONNECT and after each CONNACK. `first` is said of connections until one has been ready."""

    def __init__(self, parameters: Parameters, connector: Connector) -> None:
        self._parameters = parameters
        self._session = parameters.session
        self._connector = connector
        self._at: Address | None = None  # who has the session that what we remember belongs to
        self._ended = False  # whether we have ended it ourselves before we connected

    def begins_anew(self, broker: Address, *, first: bool) -> bool:
        """Whether there is to be a new session."""
        if not self._session.resumes:
            return True
        if first:
            return self._session.clean
        return self._session.in_memory and self._at != broker

    def before_connect(self, broker: Address, *, first: bool) -> bool:
        """As `begins_anew`; an old session that CONNECT could not end is ended here."""
        anew = self.begins_anew(broker, first=first)
        self._ended = anew and self.end_session(broker, self._parameters.connection_timeout)
        return anew

    def is_there(self, *, session_present: bool) -> bool:
        """Whether the broker goes on with a session."""
        if self._parameters.protocol == MQTTv31:  # its CONNACK does not tell
            return self._session.resumes and not self._ended
        return session_present

    def resumed(self, broker: Address, *, there: bool) -> bool:
        """Whether that is the session of the connection before; what we remember from now on belongs to this one."""
        resumed = there and self._at == broker
        self._at = broker
        return resumed

    def forget(self) -> None:
        """What we remember is given up: the next session is to be a new one."""
        self._at = None

    def end_session(self, broker: Address, seconds: float) -> bool:
        """End the session where neither CONNECT nor DISCONNECT can; takes at most so long, and tells whether it was done."""
        needed = self._parameters.protocol != MQTTv5 and self._session.resumes
        return needed and end_session(self._parameters, broker, self._connector, seconds)
