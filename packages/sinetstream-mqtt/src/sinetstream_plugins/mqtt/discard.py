"""Ends a session that the broker of MQTT 3.1 and 3.1.1 would keep for ever."""

from __future__ import annotations

from dataclasses import replace

from sinetstream.errors import SinetError
from sinetstream_plugins.mqtt.brokers import Broker
from sinetstream_plugins.mqtt.client import make_client
from sinetstream_plugins.mqtt.line import Line
from sinetstream_plugins.mqtt.parameters import Parameters
from sinetstream_plugins.mqtt.waker import Waker

__all__ = ["discard"]

_PATIENCE_S = 2.0


def discard(parameters: Parameters, broker: Broker) -> bool:
    """Connect cleanly and leave, which takes at most two seconds; tells whether the broker agreed."""
    patience = min(parameters.connection_timeout, _PATIENCE_S)
    clean = replace(
        parameters,
        session=replace(parameters.session, resumes=False),
        will=None,
        connection_timeout=patience,
    )
    client = make_client(clean, on_released=_ignored)
    waker = Waker()
    line = Line(client, broker, waker)
    try:
        line.connect(clean, clean=True)
        line.turn_until(lambda: client.is_connected() or not line.alive, patience)
        agreed = client.is_connected()
        if line.alive and client.wire is not None:
            client.wire.farewell = True
            client.disconnect()
            line.turn_until(lambda: not line.alive, patience)
    except SinetError:
        return False
    finally:
        line.end()
        waker.close()
    return agreed


def _ignored(_mid: int) -> None:
    pass
