"""Sends small packets together and large payloads without copying them."""

from __future__ import annotations

import struct
import time
from typing import Any

from paho.mqtt.client import PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, MQTTMessage, MQTTMessageInfo, MQTTv5
from paho.mqtt.enums import MessageState, MQTTErrorCode
from sinetstream_plugins.mqtt.paho.client import PahoClient

__all__ = ["FastSendingClient"]

_LARGE = 1 << 14
_LARGEST = 268_435_455
_PART = 0  # a command that paho, when it is written, makes nothing of
_AT_ONCE = frozenset((PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, _PART))


class FastSendingClient(PahoClient):
    """Gives packets to the `BufferedSocket` at once, where paho keeps each in a queue of its own and copies it."""

    def publish_nowait(self, topic: bytes, payload: bytes, qos: int, retain: bool, packed: Any) -> MQTTMessageInfo:
        if len(payload) > _LARGEST:
            raise ValueError(f"a payload has at most {_LARGEST} bytes")
        mid = self._mid_generate()
        if not qos:
            info = MQTTMessageInfo(mid)
            info.rc = self._send_publish(mid, topic, payload, 0, retain, info=info, properties=packed)
            return info
        message = MQTTMessage(mid, topic)
        if self._sock is None or mid in self._out_messages:
            message.info.rc = MQTTErrorCode.MQTT_ERR_QUEUE_SIZE
            return message.info
        message.payload, message.qos, message.retain, message.properties = payload, qos, retain, packed
        message.state = MessageState.MQTT_MS_WAIT_FOR_PUBACK if qos == 1 else MessageState.MQTT_MS_WAIT_FOR_PUBREC
        self._send_publish(mid, topic, payload, qos, retain, properties=packed)
        self._out_messages[mid] = message
        self._inflight_messages += 1
        return message.info

    def _send_publish(
        self,
        mid: int,
        topic: bytes,
        payload: bytes | bytearray = b"",
        qos: int = 0,
        retain: bool = False,
        dup: bool = False,
        info: Any = None,
        properties: Any = None,
    ) -> MQTTErrorCode:
        if self._sock is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        packet = bytearray((PUBLISH | dup << 3 | qos << 1 | retain,))
        rest = struct.pack("!H", len(topic)) + topic + (struct.pack("!H", mid) if qos else b"")
        if self._parameters.protocol == MQTTv5:
            rest += b"\0" if properties is None else properties.pack()
        self._pack_remaining_length(packet, len(rest) + len(payload))
        packet += rest
        if len(payload) < _LARGE:
            packet += payload
            return self._packet_queue(PUBLISH, packet, mid, qos, info)
        self._packet_queue(_PART, packet, mid, qos)
        return self._packet_queue(PUBLISH, payload, mid, qos, info)  # paho would copy it

    def _packet_queue(
        self, command: int, packet: Any, mid: int, qos: int, info: MQTTMessageInfo | None = None
    ) -> MQTTErrorCode:
        buffered = (
            self.buffered_socket
            if self._sock is not None and not self._out_packet and command & 0xF0 in _AT_ONCE
            else None
        )
        if buffered is None or not buffered.put(packet):
            uncopied: Any = memoryview(packet)  # paho cuts pieces off
            return super()._packet_queue(command, uncopied, mid, qos, info)
        self._last_msg_out = time.monotonic()
        if info is not None and not qos:
            info._set_as_published()
        return MQTTErrorCode.MQTT_ERR_SUCCESS
