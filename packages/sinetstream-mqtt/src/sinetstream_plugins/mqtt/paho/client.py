"""paho's client as readers and writers need it: they decide about sessions, and when QoS 2 is acknowledged."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MessageState, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.malformed import without_properties
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.connecting import ConnectingClient
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["PahoClient"]

log = logging.getLogger("sinetstream.mqtt")

_PUBREL_IS_DUE = (MessageState.MQTT_MS_WAIT_FOR_PUBCOMP, MessageState.MQTT_MS_RESEND_PUBREL)


class PahoClient(ConnectingClient):
    """A client with its own socket, driven by one thread at a time.

    A message of QoS 2 is given to `on_message` when it arrives; the owner acknowledges it with `pubrec`. Every PUBREL is
    answered. A PUBREC that refuses a publish is reported to `on_publish`, as a PUBACK that refuses one. A message whose
    properties cannot be read arrives without them.
    """

    def __init__(
        self, parameters: Parameters, *, clean_session: bool, on_released: Callable[[int], None], connector: Connector
    ) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=parameters.client_id.sent,
            clean_session=None if parameters.protocol == MQTTv5 else clean_session,
            protocol=parameters.protocol,  # type: ignore[arg-type]  # an int in paho 2.0, an enum later
            transport=parameters.transport,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._parameters = parameters
        self._on_released = on_released
        self._connector = connector
        self.max_inflight_messages_set(0)  # no limit: the writer keeps to its window
        self.on_socket_register_write = _do_nothing  # while it is set, paho's `publish` does not write to the socket
        self.buffered_socket = None

    def publish_nowait(self, topic: bytes, payload: bytes, qos: int, retain: bool, packed: Any) -> MQTTMessageInfo:
        """As `publish`, for a valid topic and with properties as `packed`; nothing is sent yet.

        Raises what packing the properties raises, and `ValueError` for too large a payload; nothing is kept then. Where there
        is no connection, the result's `rc` says so, and nothing is kept either.
        """
        if self.socket() is None:
            info = MQTTMessageInfo(0)
            info.rc = MQTTErrorCode.MQTT_ERR_NO_CONN
            return info
        if packed is not None:
            packed.pack()  # paho's publish would keep a message that it then cannot pack
        return self.publish(topic.decode(), payload, qos, retain, packed)

    def flush(self) -> bool:
        """Send what can be sent now of what is buffered, and tell whether that was all."""
        return self.buffered_socket is not None and self.buffered_socket.flush() and not self.want_write()

    def read(self, packets: int) -> bool:
        """Read at most about so many packets, and tell whether there may be more."""
        for _ in range(packets):
            self.loop_read()
            if self.socket() is None or self.buffered_socket is None or not self.buffered_socket.pending():
                return False
        return True

    def pubrec(self, mid: int) -> None:
        """Acknowledge a message of QoS 2."""
        super()._send_pubrec(mid)

    def forget(self) -> None:
        """Do not send again what is not confirmed."""
        self._out_messages.clear()
        self._inflight_messages = 0

    def _send_pubrec(self, mid: int) -> MQTTErrorCode:
        return (
            MQTTErrorCode.MQTT_ERR_SUCCESS
        )  # paho calls it on receipt; `pubrec` sends it when the message is finished

    def _messages_reconnect_reset_out(self) -> None:
        """Send PUBREL again, instead of the message, for what the broker has received.

        paho would publish it anew at a second attempt and where a new session begins. In a new session the writer forgets
        what is of QoS 2.
        """
        self._inflight_messages = 0
        for message in self._out_messages.values():
            if message.state in _PUBREL_IS_DUE:
                message.state = MessageState.MQTT_MS_RESEND_PUBREL
                continue
            message.dup = message.dup or message.state != MessageState.MQTT_MS_PUBLISH
            message.state = MessageState.MQTT_MS_PUBLISH

    def _handle_publish(self) -> MQTTErrorCode:
        try:
            rc = super()._handle_publish()
        except Exception:
            saved = without_properties(self._in_packet["command"], self._in_packet["packet"])
            if saved is None or self._parameters.protocol != MQTTv5:
                raise
            log.warning("a message arrived with properties that cannot be read; it is handed out without them")
            self._in_packet["packet"] = saved
            rc = super()._handle_publish()
        while self._in_messages:  # QoS 2: paho would keep it until PUBREL
            self._handle_on_message(self._in_messages.popitem()[1])
        return rc

    def _handle_pubrel(self) -> MQTTErrorCode:
        rc = super()._handle_pubrel()
        if rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
            (mid,) = struct.unpack_from("!H", self._in_packet["packet"])
            self._on_released(mid)
            rc = self._send_pubcomp(mid)
        return rc

    def _handle_pubrec(self) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if self._parameters.protocol == MQTTv5 and len(packet) > 2 and packet[2] >= 0x80:
            (mid,) = struct.unpack_from("!H", packet)
            reason = ReasonCode(PacketTypes.PUBREC, identifier=packet[2])
            with self._out_message_mutex:
                if mid in self._out_messages:
                    return self._do_on_publish(mid, reason, properties(PacketTypes.PUBREC))
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._handle_pubrec()


def _do_nothing(*_: Any) -> None:
    pass
