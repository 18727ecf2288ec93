"""The parameters of one reader or writer, checked and frozen."""

from __future__ import annotations

import logging
import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from paho.mqtt.client import MQTTv5, MQTTv31, MQTTv311
from paho.mqtt.properties import Properties
from sinetstream.spi import Ability, Consistency
from sinetstream_plugins.mqtt.options import tls
from sinetstream_plugins.mqtt.options.brokers import Broker, brokers
from sinetstream_plugins.mqtt.options.connect_properties import connect_properties
from sinetstream_plugins.mqtt.options.names import specific
from sinetstream_plugins.mqtt.options.options import Options, wrong
from sinetstream_plugins.mqtt.options.session_settings import Session, session
from sinetstream_plugins.mqtt.options.utf8_rules import fault
from sinetstream_plugins.mqtt.options.will import Will, will

__all__ = ["ENCODED", "Parameters", "parse"]

ENCODED = ("type_spec.will.payload", "will_set.payload")
"""The parameters that the core encodes as messages."""

_PROTOCOLS = {"MQTTv31": MQTTv31, "MQTTv311": MQTTv311, "MQTTv5": MQTTv5}
_PORTS = {("tcp", False): 1883, ("tcp", True): 8883, ("websockets", False): 80, ("websockets", True): 443}

log = logging.getLogger("sinetstream")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a connection and its user are made from; times are in seconds."""

    brokers: tuple[Broker, ...]
    client_id: str
    protocol: int
    transport: Literal["tcp", "websockets"]
    tls: ssl.SSLContext | None
    username: str | None
    password: str | None = field(repr=False)
    ws_path: str
    ws_headers: Mapping[str, str] = field(repr=False)
    keepalive: int
    connection_timeout: float
    reconnect_min: float
    reconnect_max: float
    lost_limit: float
    session: Session
    properties: Properties | None = field(repr=False)
    will: Will | None
    qos: int
    retain: bool
    window: int
    max_queued: float
    abilities: frozenset[Ability]


def parse(params: Mapping[str, Any], role: Literal["reader", "writer"]) -> Parameters:
    """Every parameter checked; `InvalidArgumentError` with its path at the first that is wrong."""
    options = specific(params)
    protocol = options.choice("protocol", _PROTOCOLS, MQTTv311)
    transport = options.choice("transport", {"tcp": "tcp", "websockets": "websockets"}, "tcp")
    context = tls.context(params.get("tls"), options)
    qos = _qos(options, params["consistency"])
    lasting = session(role, options, params, protocol, qos)
    username, password = _login(options)
    path, headers = _websockets(options, transport)
    least, most = _delays(options)
    if "message_retry" in options:
        options.section("message_retry", ("retry",)).seconds("retry", 1)
        log.warning("%s has no effect: MQTT sends again after a new connection only", options.at("message_retry"))
    if role == "reader" and "retain" in options:
        options.flag("retain", default=False)
    queued = options.section("max_queued_messages", ("queue_size",)).integer("queue_size", 0, 0, 2**31)
    return Parameters(
        brokers=brokers(params.get("brokers"), _PORTS[transport, context is not None]),
        client_id=_client_id(params["client_id"]),
        protocol=protocol,
        transport="websockets" if transport == "websockets" else "tcp",
        tls=context,
        username=username,
        password=password,
        ws_path=path,
        ws_headers=headers,
        keepalive=options.integer("keepalive", 60, 0, 65535),
        connection_timeout=options.seconds("connection_timeout", 10),
        reconnect_min=least,
        reconnect_max=most,
        lost_limit=options.seconds("lost_limit", 30),
        session=lasting,
        properties=connect_properties(options, protocol, lasting.expiry_s),
        will=will(options, protocol, qos),
        qos=qos,
        retain=options.flag("retain", default=False),
        window=options.section("max_inflight_messages", ("inflight",)).integer("inflight", 20, 0, 65535) or 65535,
        max_queued=queued or math.inf,
        abilities=_abilities(protocol, durable=lasting.kept),
    )


def _client_id(given: str) -> str:
    if (why := fault(given)) is not None:
        raise wrong("client_id", why)
    return given


def _qos(options: Options, consistency: Consistency) -> int:
    qos = options.integer("qos", consistency.value, 0, 2)
    if qos < consistency.value:
        raise options.error("qos", f"{qos} would break consistency {consistency!r}, which needs {consistency.value}")
    return qos


def _login(options: Options) -> tuple[str | None, str | None]:
    credentials = options.section("username_pw", ("username", "password"))
    username, password = credentials.text("username", None), credentials.text("password", None)
    if password is not None and username is None:
        raise credentials.error("username", "is required beside password")
    for name, text in (("username", username), ("password", password)):
        if text is not None and (why := fault(text, binary=name == "password")) is not None:
            raise credentials.error(name, why)
    return username, password


def _websockets(options: Options, transport: str) -> tuple[str, Mapping[str, str]]:
    if transport != "websockets" and "ws_options" in options:
        raise options.error("ws_options", "needs `transport: websockets`")
    websockets = options.section("ws_options", ("path", "headers"))
    headers = websockets.values.get("headers") or {}
    if not isinstance(headers, Mapping) or not all(isinstance(text, str) for pair in headers.items() for text in pair):
        raise websockets.error("headers", "must be a mapping of strings to strings")
    path = websockets.text("path", "/mqtt")
    for name, texts in (("path", (path,)), ("headers", (*headers, *headers.values()))):
        if not all(text.isprintable() for text in texts):
            raise websockets.error(name, "has characters that HTTP does not take")
    return path, headers


def _delays(options: Options) -> tuple[float, float]:
    delays = options.section("reconnect_delay", ("min_delay", "max_delay"))
    least = delays.seconds("min_delay", 1)
    most = delays.seconds("max_delay", max(120, least))
    if most < least:
        raise delays.error("max_delay", f"must be at least min_delay, {least}")
    return least, most


def _abilities(protocol: int, *, durable: bool) -> frozenset[Ability]:
    abilities = {Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE}
    if protocol == MQTTv5:
        abilities |= {Ability.KEY, Ability.HEADERS}
    if durable:
        abilities.add(Ability.DURABLE)
    return frozenset(abilities)
