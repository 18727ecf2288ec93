"""Handles short answers at once and receives large messages without copying them."""

from __future__ import annotations

import time
from typing import Any

from paho.mqtt.client import MQTTMessage, MQTTv5
from paho.mqtt.enums import MessageState, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["FastReceivingClient"]

_PUBACK, _PUBREC, _PUBREL, _PUBCOMP = _ANSWERS = b"\x40\x50\x62\x70"
_SUCCESS, _NO_PROPERTIES = ReasonCode(PacketTypes.PUBACK), properties(PacketTypes.PUBACK)


class FastReceivingClient(PahoClient):
    """Takes short answers and large messages as a whole from the `PacketReader`; paho reads the others byte by byte."""

    def read(self, packets: int) -> bool:
        buffered = self.buffered_socket
        if buffered is None:
            return False
        reader = buffered.reader
        reader.drained = False
        for _ in range(packets):
            if self._sock is None:
                return False
            rc = self._packet_read()
            if rc > 0:
                self._loop_rc_handle(rc)
                return False
            if reader.drained:
                return False
        return True

    def _packet_read(self) -> MQTTErrorCode:
        if self.buffered_socket is not None and not self._in_packet["command"]:
            try:
                packet = self.buffered_socket.reader.short_packet(_ANSWERS)
                large = None if packet else self.buffered_socket.reader.large_publish()
            except BlockingIOError:
                return MQTTErrorCode.MQTT_ERR_AGAIN
            except OSError:
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
            if packet:
                return self._handle_answer(packet[0], packet[2] << 8 | packet[3])
            if large is not None:
                return self._handle_large_publish(*large)
        return super()._packet_read()

    def _handle_large_publish(self, command: int, head: bytes, payload: bytes) -> MQTTErrorCode:
        qos, end = command >> 1 & 3, 2 + (head[0] << 8 | head[1])
        topic = head[2:end]
        if self._parameters.protocol == MQTTv5 or qos == 3 or not topic:
            self._in_packet["command"], self._in_packet["packet"] = command, bytearray(head) + payload
            rc = self._packet_handle()
            self._in_packet["command"], self._in_packet["packet"] = 0, bytearray()
            return rc
        message = MQTTMessage(head[end] << 8 | head[end + 1] if qos else 0, topic)
        message.qos, message.retain, message.dup = qos, bool(command & 1), bool(command & 8)
        message.timestamp = time.monotonic()
        message.payload = payload  # paho would copy it three times
        self._handle_on_message(message)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _handle_answer(self, command: int, mid: int) -> MQTTErrorCode:
        if command == _PUBREC:
            message = self._out_messages.get(mid)
            if message is None:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            message.state = MessageState.MQTT_MS_WAIT_FOR_PUBCOMP
            return self._send_pubrel(mid)
        if command == _PUBREL:
            self._on_released(mid)
            return self._send_pubcomp(mid)
        message = self._out_messages.pop(mid, None)
        if message is not None:
            self._inflight_messages -= 1
            message.info._set_as_published()
            on_publish: Any = self.on_publish
            if on_publish is not None:
                on_publish(self, None, mid, _SUCCESS, _NO_PROPERTIES)
        return MQTTErrorCode.MQTT_ERR_SUCCESS
