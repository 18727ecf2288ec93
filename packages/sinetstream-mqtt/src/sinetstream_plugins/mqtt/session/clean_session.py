"""Ends a session that the broker of MQTT 3.1 and 3.1.1 would keep for ever."""

from __future__ import annotations

from dataclasses import replace

from sinetstream.errors import SinetError
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.network.network_loop import NetworkLoop
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.paho.make_client import make_client

__all__ = ["end_session"]


def end_session(parameters: Parameters, broker: Address, connector: Connector, seconds: float) -> bool:
    """Connect with a clean session and disconnect, within so long; tells whether the broker accepted that connection."""
    clean = replace(
        parameters,
        session=replace(parameters.session, resumes=False),
        will=None,
        connection_timeout=seconds,
    )
    client = make_client(clean, on_released=_ignore, connector=connector)
    wakeup = Wakeup()
    loop = NetworkLoop(client, broker, wakeup)
    try:
        loop.connect(clean, clean=True)
        loop.run_until(lambda: client.is_connected() or connector.interrupted or not loop.is_alive, seconds)
        was_accepted = client.is_connected()
        if was_accepted:
            loop.disconnect(seconds)
    except SinetError:
        return False
    finally:
        loop.abort()
        wakeup.close()
    return was_accepted


def _ignore(_mid: int) -> None:
    pass
