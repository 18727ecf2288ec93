"""Writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from sinetstream.errors import ConnectionError, InvalidArgumentError, NotOpenError, SinetError
from sinetstream.spi import Delivery, PluginAsyncMessageWriter
from sinetstream_plugins.mqtt.connection import Connection
from sinetstream_plugins.mqtt.errors import ERRORS
from sinetstream_plugins.mqtt.options import topics
from sinetstream_plugins.mqtt.options.declared import OPTIONS
from sinetstream_plugins.mqtt.options.parameters import ENCODED, parse
from sinetstream_plugins.mqtt.packets import user_properties
from sinetstream_plugins.mqtt.packets.reason_codes import refusal
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.publish.broker_limits import BrokerLimits
from sinetstream_plugins.mqtt.publish.pending_publishes import PendingPublishes

__all__ = ["MqttAsyncWriter"]

_BATCH = 64  # messages of QoS 0 that paho gets before it sends
_BATCH_BYTES = 1 << 20  # after so many it sends, whatever the QoS
_SHORT = 4096  # up to this size, the publishing thread may send a message itself
_ATTEMPTS = 5
_COMPLETED = 0x92  # "identifier not found", in answer to a PUBREL that came twice
_FEW = 64  # as many short messages of QoS 0 as may wait and yet count as sent, as those in a socket's buffer do


class MqttAsyncWriter(PluginAsyncMessageWriter):
    """A promise is fulfilled at QoS 0 when paho has the message or soon will, above when the broker has confirmed it.

    At most the window (`max_inflight_messages`, and the broker's receive maximum) is given to paho; the others wait here.
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
        self._pending = PendingPublishes(self._parameters.max_queued)
        self._limits = BrokerLimits(self._parameters, self._topic)
        self._fruitless = 0  # connections in a row on which nothing was confirmed
        self._is_connected = False
        self._why_disconnected = "there is no connection at the moment"
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
        pending = self._pending
        error = pending.refusal()
        if error is not None:
            return Delivery.rejected(error)
        delivery: Delivery[Any] = Delivery()
        if not self._qos and len(pending.waiting) < _FEW and len(message) <= _SHORT:
            delivery.fulfil(None)
        if not self._send_inline(delivery, message, properties):
            pending.add(delivery, message, properties)
            if self._connection.wakeup.asleep:
                self._connection.wakeup.wake()
        pending.check()
        return delivery

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        pending = self._pending
        facts = {**self._connection.info(), "waiting": len(pending.waiting), "in_flight": len(pending.in_flight)}
        return facts.get(path[0]) if path else facts

    def _send_inline(self, delivery: Delivery[Any], message: bytes, properties: Properties | None) -> bool:
        """Send it on the caller's thread where nothing else is pending: waiting for ours to wake up would take longer."""
        pending = self._pending
        if not self._qos or pending.in_flight or pending.waiting or len(message) > _SHORT:
            return False
        with self._connection.wakeup.run_inline() as runs:
            client = self._client
            if not runs or not self._is_connected or pending.in_flight or pending.waiting or client is None:
                return False
            if self._limits.refusal(message, properties) is not None:
                return False
            try:
                info = client.publish_nowait(self._topic_bytes, message, self._qos, self._parameters.retain, properties)
            except ValueError:
                return False  # our thread will find out again, and reject it
            if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            pending.in_flight[info.mid] = (delivery, info)
            if not client.flush():
                self._connection.wakeup.wake()
        return True

    # -- on the connection's thread

    @property
    def description(self) -> str:
        return f"a writer to {self._topic!r}"

    def set_callbacks(self, client: PahoClient) -> None:
        client.on_publish = self._on_publish
        self._client = client

    def on_connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        if self._qos == 2 and not resumed and self._pending.in_flight:
            client.forget()  # sent again they might arrive twice
            self._pending.reject_in_flight("the broker does not know this session")
        error = self._limits.update(properties)
        if error is not None:
            self._connection.refuse(error)
            return
        self._pending.resume()
        self._is_connected = True
        self._connection.set_ready()

    def send_pending(self, client: PahoClient) -> None:
        waiting, in_flight = self._pending.waiting, self._pending.in_flight
        if not self._qos and client.want_write():
            return  # what paho has counts as sent, and is not counted
        room = self._limits.window - len(in_flight) if self._qos else _BATCH
        size = 0
        while room > 0 and waiting and size < _BATCH_BYTES:
            try:
                delivery, message, properties = waiting.popleft()
            except IndexError:  # rejected by another thread
                return
            too_large = self._limits.refusal(message, properties)
            if too_large is not None:
                delivery.fail(too_large)
                continue
            try:
                info = client.publish_nowait(self._topic_bytes, message, self._qos, self._parameters.retain, properties)
            except ValueError as error:
                delivery.fail(InvalidArgumentError(f"{error}; this message was not sent", outcome="not_sent"))
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
            return self._pending.waiting and len(self._pending.in_flight) < self._limits.window
        return self._pending.waiting and self._client is not None and not self._client.want_write()

    def on_disconnected(self) -> None:
        if self._is_connected and self._pending.in_flight:
            self._fruitless += 1
            if self._fruitless >= _ATTEMPTS:
                self._fruitless = 0
                self._connection.forget()  # a message that makes the broker hang up would be sent again for ever
                words = f"the connection was lost {_ATTEMPTS} times in a row without any confirmation"
                self._pending.reject_in_flight(words)
        self._is_connected = False
        if not self._qos:
            self._pending.stop(self._why_disconnected)

    def on_pubrel(self, mid: int) -> None:
        pass

    def on_lost(self, error: SinetError) -> None:
        self._pending.stop(str(error))
        self._connection.forget()
        self._pending.reject_in_flight(str(error))

    def on_conflict(self, error: SinetError) -> None:
        self._why_disconnected = str(error)

    def on_closed(self, error: SinetError | None) -> None:
        why = str(error or "the writer was closed")
        self._pending.stop(why, NotOpenError if error else ConnectionError)
        self._pending.reject_in_flight(why)

    def _on_publish(self, _client: Any, _userdata: Any, mid: int, reason: Any, _properties: Any) -> None:
        sent = self._pending.in_flight.pop(mid, None)
        if sent is None:
            return
        delivery, info = sent
        self._fruitless = 0
        if reason.value >= 0x80 and reason.value != _COMPLETED:
            delivery.fail(refusal(f"the message for {self._topic!r}", reason, outcome="not_sent"))
        else:
            delivery.fulfil(info)
