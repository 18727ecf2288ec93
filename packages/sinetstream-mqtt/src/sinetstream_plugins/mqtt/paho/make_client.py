"""From parameters to a client of paho that is ready to connect."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from paho.mqtt.client import MQTTv5
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.paho.fast_receiving import FastReceivingClient
from sinetstream_plugins.mqtt.paho.fast_sending import FastSendingClient
from sinetstream_plugins.mqtt.paho.surface import SPEED, missing
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["client_class", "make_client"]

log = logging.getLogger("sinetstream.mqtt")


class _FastClient(FastReceivingClient, FastSendingClient):
    """Sends and receives fast."""


_CLASSES: dict[tuple[bool, bool], type[PahoClient]] = {  # sending, receiving
    (True, True): _FastClient,
    (True, False): FastSendingClient,
    (False, True): FastReceivingClient,
    (False, False): PahoClient,
}


@functools.cache
def client_class() -> type[PahoClient]:
    """The fastest client that the installed release of paho-mqtt has the names for; tells once what it lacks."""
    sending, receiving = missing(SPEED["fast_sending"]), missing(SPEED["fast_receiving"])
    if lacking := sorted({*sending, *receiving}):
        log.info("this release of paho-mqtt has no %s: messages are sent or received more slowly", ", ".join(lacking))
    return _CLASSES[not sending, not receiving]


def make_client(parameters: Parameters, *, on_released: Callable[[int], None], connector: Connector) -> PahoClient:
    """A client with login and will; its socket takes care of TLS and WebSockets."""
    clean = not parameters.session.resumes
    client = client_class()(parameters, clean_session=clean, on_released=on_released, connector=connector)
    if parameters.username is not None:
        client.username_pw_set(parameters.username, parameters.password)
    will = parameters.will
    if will is not None:
        delay = None
        if parameters.protocol == MQTTv5 and will.delay_s is not None:
            delay = properties(PacketTypes.WILLMESSAGE, WillDelayInterval=will.delay_s)
        client.will_set(will.topic, will.payload, will.qos, will.retain, delay)
    return client
