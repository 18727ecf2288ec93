"""paho's client as readers and writers have it: sessions and QoS 2 in their user's hands."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.enums import CallbackAPIVersion, MessageState, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.malformed import without_properties
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.receiving import ReceivingClient

__all__ = ["PahoClient"]

log = logging.getLogger("sinetstream")

_PUBREL_IS_DUE = (MessageState.MQTT_MS_WAIT_FOR_PUBCOMP, MessageState.MQTT_MS_RESEND_PUBREL)


class PahoClient(ReceivingClient):
    """A client that one thread at a time drives, with its own socket.

    A message of QoS 2 is handed over when it arrives and answered with `pubrec` by its user; every PUBREL is answered. A
    PUBREC that refuses a publish is reported to `on_publish` like a PUBACK that does. A message whose properties cannot be
    read arrives without them.
    """

    def __init__(
        self, parameters: Parameters, *, clean_session: bool, on_released: Callable[[int], None], connector: Connector
    ) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=parameters.client_id,
            clean_session=None if parameters.protocol == MQTTv5 else clean_session,
            protocol=parameters.protocol,  # type: ignore[arg-type]  # an int in paho 2.0, an enum later
            transport=parameters.transport,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._parameters = parameters
        self._on_released = on_released
        self._connector = connector
        self.max_inflight_messages_set(0)  # no limit: the window is its user's
        self.on_socket_register_write = _nothing  # its being there keeps paho from writing in `publish`
        self.buffered_socket = None

    def pubrec(self, mid: int) -> None:
        """Take the responsibility for a message of QoS 2."""
        super()._send_pubrec(mid)

    def forget(self) -> None:
        """Do not send again what is not confirmed."""
        self._out_messages.clear()
        self._inflight_messages = 0

    def _send_pubrec(self, mid: int) -> MQTTErrorCode:
        return MQTTErrorCode.MQTT_ERR_SUCCESS  # paho's own, on receipt: it is sent when the message is finished

    def _messages_reconnect_reset_out(self) -> None:
        """Paho would publish anew what only needs PUBREL, at a second attempt and at one that begins a new session.

        In a new session our user forgets what is of QoS 2.
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
            if saved is None or self._protocol != MQTTv5:
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
        if self._protocol == MQTTv5 and len(packet) > 2 and packet[2] >= 0x80:
            (mid,) = struct.unpack_from("!H", packet)
            reason = ReasonCode(PacketTypes.PUBREC, identifier=packet[2])
            with self._out_message_mutex:
                if mid in self._out_messages:
                    return self._do_on_publish(mid, reason, properties(PacketTypes.PUBREC))
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._handle_pubrec()


def _nothing(*_: Any) -> None:
    pass
