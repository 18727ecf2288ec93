"""Reading."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from paho.mqtt.client import MQTTMessage, MQTTv5, MQTTv31
from paho.mqtt.properties import Properties
from sinetstream.errors import BufferFullError, SinetError, UnsupportedOperationError
from sinetstream.spi import Consistency, PluginMessageReader
from sinetstream_plugins.mqtt.connection import Connection
from sinetstream_plugins.mqtt.errors import ERRORS
from sinetstream_plugins.mqtt.options import topics
from sinetstream_plugins.mqtt.options.declared import OPTIONS
from sinetstream_plugins.mqtt.options.parameters import ENCODED, parse
from sinetstream_plugins.mqtt.packets import user_properties
from sinetstream_plugins.mqtt.packets.reason_codes import refusal
from sinetstream_plugins.mqtt.packets.topic import topic_of
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.paho.undocumented import SubscribeOptions
from sinetstream_plugins.mqtt.subscribe.acknowledgements import Acknowledgements, Arrival
from sinetstream_plugins.mqtt.subscribe.receive_queue import ReceiveQueue

__all__ = ["MqttReader"]

_ROOM = 10_000  # messages of QoS 0

log = logging.getLogger("sinetstream")


class MqttReader(PluginMessageReader):
    """Hands out what paho's thread received; at QoS 1 and 2 the broker hears of it when it is finished."""

    parameters = frozenset[str]()
    options = OPTIONS
    common_parameters = frozenset({"tls"})
    encoded_parameters = ENCODED
    errors = ERRORS

    def __init__(self, params: dict[str, Any]) -> None:
        self._parameters = parse(params, "reader")
        self._topics = topics.filters(params.get("topics"))
        self._consistency: Consistency = params["consistency"]
        timeout_ms = params.get("receive_timeout_ms", inf)
        self._timeout = None if timeout_ms == inf else timeout_ms / 1000
        self._receive_queue = ReceiveQueue(_ROOM, params.get("max_pending_bytes", inf))
        self._acknowledgements = Acknowledgements()
        self._finished: deque[MQTTMessage] = deque()
        self._subscription: int | None = None
        self._connected_before = False
        self._connection = Connection(self._parameters, self)
        self.abilities = self._parameters.abilities

    def open(self) -> None:
        missing = self._parameters.session.missing
        if missing is not None:
            words = "%r: without `%s` the promise ends with this process; what is published later is not kept for it"
            log.warning(words, self._consistency, missing)
        self._connection.open()

    def close(self) -> None:
        self._connection.close()
        self._receive_queue.close()

    def __iter__(self) -> Iterator[tuple[bytes, str, MQTTMessage]]:
        take, timeout = self._receive_queue.take, self._timeout
        while (item := take(timeout)) is not None:
            if isinstance(item, Exception):
                raise item
            if not item.qos:
                self._receive_queue.took(len(item.payload))
            yield item.payload, topic_of(item), item

    def acknowledge(self, raw: MQTTMessage) -> None:
        if raw.qos:
            self._finished.append(raw)
            if self._connection.wakeup.asleep:
                self._connection.wakeup.wake()

    def attributes(self, raw: MQTTMessage) -> tuple[bytes | None, Mapping[str, bytes]]:
        return user_properties.unpack(raw.properties)

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        facts = {
            **self._connection.info(),
            "dropped": self._receive_queue.dropped,
            "waiting": len(self._receive_queue),
            "unfinished": len(self._acknowledgements),
        }
        return facts.get(path[0]) if path else facts

    # -- on the connection's thread

    @property
    def description(self) -> str:
        return f"a reader of {', '.join(map(repr, self._topics))}"

    def set_callbacks(self, client: PahoClient) -> None:
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe

    def on_connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        self._acknowledgements.connected(resumed=resumed)
        if self._connected_before and resumed and self._parameters.protocol != MQTTv31:
            self._connection.set_ready()
            return
        if self._connected_before and not resumed and self._parameters.session.resumes:
            log.warning("the broker does not know this session: what was published meanwhile may be missing")
        self._warn_of_short_session(self._connection.info()["session_expiry_s"])
        qos = self._parameters.qos
        asked: Any = [
            (topic, SubscribeOptions(qos=qos) if self._parameters.protocol == MQTTv5 else qos) for topic in self._topics
        ]
        self._subscription = client.subscribe(asked)[1]

    def send_pending(self, client: PahoClient) -> None:
        finished = self._finished
        while finished:
            message = finished.popleft()
            if self._acknowledgements.finished(message):
                _answer(client, message)

    def has_pending(self) -> object:
        return self._finished

    def on_disconnected(self) -> None:
        self._acknowledgements.disconnected()

    def on_pubrel(self, mid: int) -> None:
        self._acknowledgements.released(mid)

    def on_lost(self, error: SinetError) -> None:
        self._receive_queue.put(error)

    def on_conflict(self, error: SinetError) -> None:
        self._receive_queue.put(error)

    def on_closed(self, error: SinetError | None) -> None:
        if error is not None:
            self._receive_queue.put(error)
        self._receive_queue.close()

    def _warn_of_short_session(self, granted_s: int | None) -> None:
        session = self._parameters.session
        if session.resumes and granted_s != session.expiry_s:
            words = "the broker keeps this session for %s s after a loss of the connection, not %s: what comes later is lost"
            log.warning(words, granted_s, session.expiry_s)

    def _on_subscribe(self, _client: Any, _userdata: Any, mid: int, reasons: Any, _properties: Any) -> None:
        if mid != self._subscription:
            return
        for topic, reason in zip(self._topics, reasons, strict=False):
            if reason.is_failure:
                self._connection.refuse(refusal(f"the subscription to {topic!r}", reason))
                return
            if reason.value < self._parameters.qos:
                words = (
                    f"topics: for {topic!r} the broker grants QoS {reason.value} where {self._parameters.qos} is needed"
                )
                self._connection.refuse(UnsupportedOperationError(words, path="topics"))
                return
        self._connected_before = True
        self._connection.set_ready()

    def _on_message(self, client: Any, _userdata: Any, message: MQTTMessage) -> None:
        if message.qos:
            arrival = self._acknowledgements.arrived(message)
            if arrival is Arrival.NEW:
                self._receive_queue.put(message)
            elif arrival is Arrival.FINISHED:
                _answer(client, message)
        elif self._receive_queue.offer(message, len(message.payload)):
            words = "read too slowly: messages of QoS 0 are being dropped; info('mqtt.dropped') counts them"
            self._receive_queue.put(BufferFullError(words))


def _answer(client: PahoClient, message: MQTTMessage) -> None:
    if message.qos == 1:
        client.ack(message.mid, 1)
    else:
        client.pubrec(message.mid)
