"""From parameters to a client of paho that is ready to connect."""

from __future__ import annotations

from collections.abc import Callable

from paho.mqtt.client import MQTTv5
from paho.mqtt.packettypes import PacketTypes
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho import PahoClient

__all__ = ["make_client"]


def make_client(parameters: Parameters, *, on_released: Callable[[int], None], connector: Connector) -> PahoClient:
    """A client with login and will; TLS and WebSockets are its socket's own affair."""
    clean = not parameters.session.resumes
    client = PahoClient(parameters, clean_session=clean, on_released=on_released, connector=connector)
    if parameters.username is not None:
        client.username_pw_set(parameters.username, parameters.password)
    will = parameters.will
    if will is not None:
        delay = None
        if parameters.protocol == MQTTv5 and will.delay_s is not None:
            delay = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will.delay_s)
        client.will_set(will.topic, will.payload, will.qos, will.retain, delay)
    return client
