"""What the broker accepts of a writer, as its CONNACK says."""

from __future__ import annotations

from typing import Any

from paho.mqtt.properties import Properties
from sinetstream.errors import ConnectionError, SinetError, UnsupportedOperationError
from sinetstream_plugins.mqtt.options.parameters import Parameters

__all__ = ["BrokerLimits"]

_NO_LIMIT = 1 << 32
_REMAINING_LENGTH_DIGITS = (0, 1 << 7, 1 << 14, 1 << 21)  # from these sizes on it takes one byte more


class BrokerLimits:
    """The window of unconfirmed publishes, and the size of a packet; before MQTT 5 a broker tells neither."""

    def __init__(self, parameters: Parameters, topic: str) -> None:
        self.window = parameters.window
        self._parameters = parameters
        self._max_packet = _NO_LIMIT
        self._head = 2 + len(topic.encode()) + (2 if parameters.qos else 0)

    def update(self, connack: Any) -> SinetError | None:
        """Take over the properties of a CONNACK; returns the error where the broker does not accept such publishes."""
        qos = self._parameters.qos
        if qos > getattr(connack, "MaximumQoS", 2):
            return UnsupportedOperationError(f"the broker takes no messages of QoS {qos}", outcome="not_sent")
        if self._parameters.retain and not getattr(connack, "RetainAvailable", 1):
            return UnsupportedOperationError("the broker retains no messages", outcome="not_sent")
        self.window = min(self._parameters.window, getattr(connack, "ReceiveMaximum", 65535))
        self._max_packet = getattr(connack, "MaximumPacketSize", _NO_LIMIT)
        return None

    def refusal(self, message: bytes, properties: Properties | None) -> SinetError | None:
        """The error for a message that makes too large a packet; None where it can be sent."""
        limit = self._max_packet
        if limit == _NO_LIMIT:
            return None
        extra = b"\0" if properties is None else properties.pack()  # type: ignore[no-untyped-call]  # paho's
        size = self._head + len(message) + len(extra)
        size += 1 + sum(size >= least for least in _REMAINING_LENGTH_DIGITS)
        if size <= limit:
            return None
        words = f"the broker takes at most {limit} bytes, and this message makes {size}; it was not sent"
        return ConnectionError(words, outcome="not_sent", size=size, limit=limit)
