"""paho's client with what MQTT needs and paho has no public name for: every private name we use is in this file."""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import (
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    Client,
    MQTTMessage,
    MQTTMessageInfo,
    MQTTv5,
    _WebsocketWrapper,
)
from paho.mqtt.enums import CallbackAPIVersion, MessageState, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from sinetstream_plugins.mqtt.dial import Dial
from sinetstream_plugins.mqtt.malformed import without_properties
from sinetstream_plugins.mqtt.parameters import Parameters
from sinetstream_plugins.mqtt.properties import properties
from sinetstream_plugins.mqtt.wire import Wire

__all__ = ["PahoClient", "topic_of"]

log = logging.getLogger("sinetstream")

_LARGE = 1 << 14
_PUBREL_IS_DUE = (MessageState.MQTT_MS_WAIT_FOR_PUBCOMP, MessageState.MQTT_MS_RESEND_PUBREL)
_LARGEST = 268_435_455
_PART = 0  # a command that paho, when it is written, makes nothing of
_PUBACK, _PUBREC, _PUBREL, _PUBCOMP = _ANSWERS = b"\x40\x50\x62\x70"
_AT_ONCE = frozenset((PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, _PART))
_SUCCESS, _NO_PROPERTIES = ReasonCode(PacketTypes.PUBACK), properties(PacketTypes.PUBACK)


class PahoClient(Client):
    """A client that one thread at a time drives, with its own socket.

    A message of QoS 2 is handed over when it arrives and answered with `pubrec` by its user; every PUBREL is answered. A
    PUBREC that refuses a publish is reported to `on_publish` like a PUBACK that does. A message whose properties cannot be
    read arrives without them.
    """

    def __init__(
        self, parameters: Parameters, *, clean_session: bool, on_released: Callable[[int], None], dial: Dial
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
        self._dial = dial
        self.max_inflight_messages_set(0)  # no limit: the window is its user's
        self.on_socket_register_write = _nothing  # its being there keeps paho from writing in `publish`
        self.wire: Wire | None = None

    def pubrec(self, mid: int) -> None:
        """Take the responsibility for a message of QoS 2."""
        super()._send_pubrec(mid)

    def forget(self) -> None:
        """Do not send again what is not confirmed."""
        self._out_messages.clear()
        self._inflight_messages = 0

    def hand_over(self, topic: bytes, payload: bytes, qos: int, retain: bool, properties: Any) -> MQTTMessageInfo:
        """As `publish`, for a topic that is known to be one; on the thread that drives this. Nothing is sent yet."""
        if len(payload) > _LARGEST:
            raise ValueError(f"a payload has at most {_LARGEST} bytes")
        mid = self._mid_generate()
        if not qos:
            info = MQTTMessageInfo(mid)
            info.rc = self._send_publish(mid, topic, payload, 0, retain, info=info, properties=properties)
            return info
        message = MQTTMessage(mid, topic)
        if self._sock is None or mid in self._out_messages:
            message.info.rc = MQTTErrorCode.MQTT_ERR_QUEUE_SIZE
            return message.info
        message.payload, message.qos, message.retain, message.properties = payload, qos, retain, properties
        message.state = MessageState.MQTT_MS_WAIT_FOR_PUBACK if qos == 1 else MessageState.MQTT_MS_WAIT_FOR_PUBREC
        self._send_publish(mid, topic, payload, qos, retain, properties=properties)
        self._out_messages[mid] = message
        self._inflight_messages += 1
        return message.info

    def flush(self) -> bool:
        """Send what can be sent now of what is on the line, and tell whether that was all."""
        return self.wire is not None and self.wire.flush() and not self._out_packet

    def read(self, packets: int) -> bool:
        """Read at most so many packets, and tell whether there may be more."""
        wire = self.wire
        if wire is None:
            return False
        incoming = wire.incoming
        incoming.drained = False
        for _ in range(packets):
            if self._sock is None:
                return False
            rc = self._packet_read()
            if rc > 0:
                self._loop_rc_handle(rc)
                return False
            if incoming.drained:
                return False
        return True

    def loop_misc(self) -> MQTTErrorCode:
        """As paho's; but a broker whose PINGRESP has to wait behind a large packet is not silent."""
        if self.wire is not None:
            self._last_msg_out = max(self._last_msg_out, self.wire.moved_at)
            self._last_bytes_received = max(self._last_bytes_received, self.wire.moved_at)
        if self._last_bytes_received > self._ping_t:
            self._ping_t = 0.0
        return super().loop_misc()

    def _create_socket(self) -> Any:
        deadline = time.monotonic() + self._parameters.connection_timeout
        try:
            sock = self._tcp(deadline)
            if self._parameters.tls is not None:
                sock = self._parameters.tls.wrap_socket(sock, server_hostname=self._host, do_handshake_on_connect=False)
                self._dial.hold(sock, deadline)
                sock.do_handshake()
            self._dial.hold(sock, deadline)
            inner: Any = sock
            if self._parameters.transport == "websockets":
                inner = _WebsocketWrapper(
                    socket=sock,
                    host=f"[{self._host}]" if ":" in self._host else self._host,
                    port=self._port,
                    is_ssl=self._parameters.tls is not None,
                    path=self._parameters.ws_path,
                    extra_headers=dict(self._parameters.ws_headers),
                )
            self.wire = Wire(inner, sock)
        except BaseException:
            self._dial.drop(close=True)
            raise
        self._dial.drop(close=False)
        return self.wire

    def _tcp(self, deadline: float) -> socket.socket:
        if not self._get_proxy():
            return self._dial.tcp(self._host, self._port, deadline)
        self._connect_timeout = self._parameters.connection_timeout
        sock = super()._create_socket_connection()
        self._dial.hold(sock, deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

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
        if self._protocol == MQTTv5:
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
        wire = self.wire if self._sock is not None and not self._out_packet and command & 0xF0 in _AT_ONCE else None
        if wire is None or not wire.put(packet):
            uncopied: Any = memoryview(packet)  # paho cuts pieces off
            return super()._packet_queue(command, uncopied, mid, qos, info)
        self._last_msg_out = time.monotonic()
        if info is not None and not qos:
            info._set_as_published()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _packet_read(self) -> MQTTErrorCode:
        if self.wire is not None and not self._in_packet["command"]:
            try:
                packet = self.wire.incoming.short_packet(_ANSWERS)
                large = None if packet else self.wire.incoming.large_publish()
            except BlockingIOError:
                self._last_bytes_received = time.monotonic()  # with a part of a large packet
                return MQTTErrorCode.MQTT_ERR_AGAIN
            except OSError:
                return MQTTErrorCode.MQTT_ERR_CONN_LOST
            if packet:
                self._last_bytes_received = time.monotonic()
                return self._answered(packet[0], packet[2] << 8 | packet[3])
            if large is not None:
                self._last_bytes_received = time.monotonic()
                return self._arrived(*large)
        return super()._packet_read()

    def _arrived(self, command: int, head: bytes, payload: bytes) -> MQTTErrorCode:
        qos, end = command >> 1 & 3, 2 + (head[0] << 8 | head[1])
        topic = head[2:end]
        if self._protocol == MQTTv5 or qos == 3 or not topic:
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

    def _answered(self, command: int, mid: int) -> MQTTErrorCode:
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


def topic_of(message: MQTTMessage) -> str:
    """Its topic, as well as it can be shown where it is not UTF-8."""
    try:
        return message.topic
    except UnicodeDecodeError:
        return message._topic.decode(errors="replace")


def _nothing(*_: Any) -> None:
    pass
