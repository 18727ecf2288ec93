"""The parameters of one reader or writer, checked and frozen."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.properties import Properties
from sinetstream.spi import Ability, Consistency
from sinetstream.spi.addresses import Address, addresses
from sinetstream.spi.options import Role, Values
from sinetstream_plugins.mqtt.options import declared
from sinetstream_plugins.mqtt.options.client_id import ClientId, client_id
from sinetstream_plugins.mqtt.options.connect_properties import connect_properties
from sinetstream_plugins.mqtt.options.declared import OPTIONS
from sinetstream_plugins.mqtt.options.login import login
from sinetstream_plugins.mqtt.options.session_settings import Session, session
from sinetstream_plugins.mqtt.options.tls import Tls, tls
from sinetstream_plugins.mqtt.options.websockets import TRANSPORT, Transport, websockets
from sinetstream_plugins.mqtt.options.will import Will, will

__all__ = ["ENCODED", "Parameters", "parse"]

ENCODED = ("type_spec.will.payload", "will_set.payload")
"""The parameters that the core encodes as messages."""

_PORTS = {("tcp", False): 1883, ("tcp", True): 8883, ("websockets", False): 80, ("websockets", True): 443}
_LOGIN = "user and password belong to username_pw"

log = logging.getLogger("sinetstream")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a connection and its user are made from; times are in seconds."""

    brokers: tuple[Address, ...]
    client_id: ClientId
    protocol: int
    transport: Transport
    tls: Tls | None
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


def parse(params: Mapping[str, Any], role: Role) -> Parameters:
    """Every parameter checked; `InvalidArgumentError` with its path at the first that is wrong."""
    values = OPTIONS.read(params, role)
    protocol, transport = values[declared.PROTOCOL], values[TRANSPORT]
    secured = tls(params.get("tls"), values)
    qos = _qos(values, params["consistency"])
    identity = client_id(params, values, role)
    lasting = session(role, values, params["consistency"], protocol, qos, generated=identity.is_generated)
    username, password = login(values)
    path, headers = websockets(values)
    least, most = declared.delays(values)
    if declared.MESSAGE_RETRY in values:
        where = values.at(declared.MESSAGE_RETRY)
        log.warning("%s has no effect: MQTT sends again after a new connection only", where)
    return Parameters(
        brokers=addresses(params.get("brokers"), _PORTS[transport, secured is not None], login=_LOGIN),
        client_id=identity,
        protocol=protocol,
        transport=transport,
        tls=secured,
        username=username,
        password=password,
        ws_path=path,
        ws_headers=headers,
        keepalive=values[declared.KEEPALIVE],
        connection_timeout=values[declared.CONNECTION_TIMEOUT],
        reconnect_min=least,
        reconnect_max=most,
        lost_limit=values[declared.LOST_LIMIT],
        session=lasting,
        properties=connect_properties(values, protocol, lasting.expiry_s),
        will=will(values, protocol, qos),
        qos=qos,
        retain=values[declared.RETAIN],
        window=values[declared.MAX_INFLIGHT][declared.INFLIGHT] or 65535,
        max_queued=values[declared.MAX_QUEUED][declared.QUEUE_SIZE] or math.inf,
        abilities=_abilities(protocol, durable=lasting.kept),
    )


def _qos(values: Values, consistency: Consistency) -> int:
    qos = values[declared.QOS]
    if qos is None:
        return consistency.value
    if qos < consistency.value:
        words = f"{qos} would break consistency {consistency!r}, which needs {consistency.value}"
        raise values.error(declared.QOS, words)
    return qos


def _abilities(protocol: int, *, durable: bool) -> frozenset[Ability]:
    abilities = {Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE}
    if protocol == MQTTv5:
        abilities |= {Ability.KEY, Ability.HEADERS}
    if durable:
        abilities.add(Ability.DURABLE)
    return frozenset(abilities)
