"""Writing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from sinetstream.errors import BufferFullError, ConnectionError, SinetError, UnsupportedOperationError
from sinetstream.spi import Delivery, PluginAsyncMessageWriter
from sinetstream_plugins.mqtt.connection import Connection
from sinetstream_plugins.mqtt.errors import ERRORS
from sinetstream_plugins.mqtt.options import topics
from sinetstream_plugins.mqtt.options.declared import OPTIONS
from sinetstream_plugins.mqtt.options.parameters import ENCODED, parse
from sinetstream_plugins.mqtt.packets import user_properties
from sinetstream_plugins.mqtt.packets.reason_codes import refusal
from sinetstream_plugins.mqtt.paho.client import PahoClient

__all__ = ["MqttAsyncWriter"]

_BATCH = 64  # messages of QoS 0 that paho gets before it sends
_BATCH_BYTES = 1 << 20  # after so many it sends, whatever the QoS
_SHORT = 4096  # what its caller may send
_ATTEMPTS = 5
_NO_LIMIT = 1 << 32
_COMPLETED = 0x92  # "identifier not found", in answer to a PUBREL that came twice
_SOON, _SMALL = 64, 4096  # so few and so short ones of QoS 0 count as taken, as by a socket's own buffer

Waiting = tuple["Delivery[Any]", bytes, Properties | None]


class MqttAsyncWriter(PluginAsyncMessageWriter):
    """A promise is fulfilled at QoS 0 when paho has the message or is about to, above when the broker has confirmed it.

    Messages wait here; paho gets at most the window (`max_inflight_messages`, and the broker's receive maximum).
    """

    parameters = frozenset[str]()
    options = OPTIONS
    common_parameters = frozenset({"tls"})
    encoded_parameters = ENCODED
    errors = ERRORS

    def __init__(self, params: dict[str, Any]) -> None:
        self._parameters = parse(params, "writer")
        self._topic = topics.name(params.get("topic"))
        self._topic_bytes = self._topic.encode()
        self._qos = self._parameters.qos
        self._waiting: deque[Waiting] = deque()
        self._in_flight: dict[int, tuple[Delivery[Any], Any]] = {}
        self._window = self._parameters.window
        self._max_packet = _NO_LIMIT
        self._head = 2 + len(self._topic.encode()) + (2 if self._qos else 0)
        self._down: str | None = None  # why nothing is taken now
        self._fruitless = 0  # connections in a row on which nothing was confirmed
        self._is_connected = False
        self._connection = Connection(self._parameters, self)
        self._client: PahoClient | None = None
        self.abilities = self._parameters.abilities

    def open(self) -> None:
        self._connection.open()

    def close(self) -> None:
        self._connection.close()

    def publish(
        self, message: bytes, *, key: bytes | None = None, headers: Mapping[str, bytes] | None = None
    ) -> Delivery[Any]:
        properties = None if key is None and not headers else user_properties.pack(key, headers)
        if self._down is not None:
            return Delivery.rejected(ConnectionError(f"{self._down}; this message was not sent"))
        if len(self._waiting) >= self._parameters.max_queued:
            words = f"{self._parameters.max_queued} messages wait to be sent (max_queued_messages); this one was not"
            return Delivery.rejected(BufferFullError(words))
        delivery: Delivery[Any] = Delivery()
        if not self._qos and len(self._waiting) < _SOON and len(message) <= _SMALL:
            delivery.fulfil(None)
        if not self._sent_here(delivery, message, properties):
            self._waiting.append((delivery, message, properties))
            if self._connection.wakeup.asleep:
                self._connection.wakeup.wake()
        if self._down is not None:  # since we looked: whoever set it may have looked at what waits before us
            self._reject_waiting(self._down)
        return delivery

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        facts = {**self._connection.info(), "waiting": len(self._waiting), "in_flight": len(self._in_flight)}
        return facts.get(path[0]) if path else facts

    def _sent_here(self, delivery: Delivery[Any], message: bytes, properties: Properties | None) -> bool:
        # Where nothing is under way: who waits for one at a time would wait for our thread to wake, too.
        if not self._qos or self._in_flight or self._waiting or len(message) > _SHORT:
            return False
        with self._connection.wakeup.run_inline() as stands:
            client = self._client
            if not stands or not self._is_connected or self._in_flight or self._waiting or client is None:
                return False
            if self._is_too_large(message, properties):
                return False
            try:
                info = client.publish_nowait(self._topic_bytes, message, self._qos, self._parameters.retain, properties)
            except ValueError:
                return False  # our thread will find out again, and reject it
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            self._in_flight[info.mid] = (delivery, info)
            if not client.flush():
                self._connection.wakeup.wake()
        return True

    # -- on the connection's thread

    def set_callbacks(self, client: PahoClient) -> None:
        client.on_publish = self._on_publish
        self._client = client

    def on_connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        if self._qos == 2 and not resumed and self._in_flight:
            client.forget()  # sent again they might arrive twice
            self._reject_in_flight("the broker does not know this session")
        error = self._limits(properties)
        if error is not None:
            self._connection.refuse(error)
            return
        self._down = None
        self._is_connected = True
        self._connection.set_ready()

    def send_pending(self, client: PahoClient) -> None:
        waiting, in_flight = self._waiting, self._in_flight
        if not self._qos and client.want_write():
            return  # what paho has counts as sent, and is not counted
        room = self._window - len(in_flight) if self._qos else _BATCH
        size = 0
        while room > 0 and waiting and size < _BATCH_BYTES:
            try:
                delivery, message, properties = waiting.popleft()
            except IndexError:  # rejected by another thread
                return
            if self._is_too_large(message, properties):
                delivery.fail(ConnectionError(f"the broker takes at most {self._max_packet} bytes; this was not sent"))
                continue
            try:
                info = client.publish_nowait(self._topic_bytes, message, self._qos, self._parameters.retain, properties)
            except ValueError as error:
                delivery.fail(error)
                continue
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                waiting.appendleft((delivery, message, properties))
                return
            room -= 1
            size += len(message)
            if self._qos:
                in_flight[info.mid] = (delivery, info)
            else:
                delivery.fulfil(info)

    def has_pending(self) -> object:
        if self._qos:
            return self._waiting and len(self._in_flight) < self._window
        return self._waiting and self._client is not None and not self._client.want_write()

    def on_disconnected(self) -> None:
        if self._is_connected and self._in_flight:
            self._fruitless += 1
            if self._fruitless >= _ATTEMPTS:
                self._fruitless = 0
                self._connection.forget()  # a message that makes the broker hang up would be sent again for ever
                self._reject_in_flight(f"the connection was lost {_ATTEMPTS} times in a row without any confirmation")
        self._is_connected = False
        if not self._qos:
            self._down = "there is no connection at the moment"
            self._reject_waiting(self._down)

    def on_pubrel(self, mid: int) -> None:
        pass

    def on_lost(self, error: SinetError) -> None:
        self._down = str(error)
        self._connection.forget()
        self._reject_in_flight(self._down)
        self._reject_waiting(self._down)

    def on_closed(self) -> None:
        self._down = "the writer was closed"
        self._reject_in_flight(self._down)
        self._reject_waiting(self._down)

    def _on_publish(self, _client: Any, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        sent = self._in_flight.pop(mid, None)
        if sent is None:
            return
        delivery, info = sent
        self._fruitless = 0
        if reason.value >= 0x80 and reason.value != _COMPLETED:
            delivery.fail(refusal(f"the message for {self._topic!r}", reason))
        else:
            delivery.fulfil(info)

    def _limits(self, properties: Any) -> SinetError | None:
        if self._qos > getattr(properties, "MaximumQoS", 2):
            return UnsupportedOperationError(f"the broker takes no messages of QoS {self._qos}")
        if self._parameters.retain and not getattr(properties, "RetainAvailable", 1):
            return UnsupportedOperationError("the broker retains no messages")
        self._window = min(self._parameters.window, getattr(properties, "ReceiveMaximum", 65535))
        self._max_packet = getattr(properties, "MaximumPacketSize", _NO_LIMIT)
        return None

    def _is_too_large(self, message: bytes, properties: Properties | None) -> bool:
        if self._max_packet == _NO_LIMIT:
            return False
        extra = b"\0" if properties is None else properties.pack()  # type: ignore[no-untyped-call]  # paho's
        size = self._head + len(message) + len(extra)
        head = 1 + sum(size >= limit for limit in (0, 1 << 7, 1 << 14, 1 << 21))  # the size takes 1 to 4 bytes
        return head + size > self._max_packet

    def _reject_waiting(self, why: str) -> None:
        while True:
            try:
                delivery, _, _ = self._waiting.popleft()
            except IndexError:
                return
            delivery.fail(ConnectionError(f"{why}; this message was not sent"))

    def _reject_in_flight(self, why: str) -> None:
        while self._in_flight:
            _, (delivery, _) = self._in_flight.popitem()
            delivery.fail(ConnectionError(f"{why}; whether the broker has this message is unknown"))
