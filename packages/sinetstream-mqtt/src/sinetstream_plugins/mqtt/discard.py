"""Ends a session that the broker of MQTT 3.1 and 3.1.1 would keep for ever."""

from __future__ import annotations

from dataclasses import replace

from sinetstream.errors import SinetError
from sinetstream_plugins.mqtt.brokers import Broker
from sinetstream_plugins.mqtt.client import make_client
from sinetstream_plugins.mqtt.dial import Dial
from sinetstream_plugins.mqtt.line import Line
from sinetstream_plugins.mqtt.parameters import Parameters
from sinetstream_plugins.mqtt.waker import Waker

__all__ = ["discard"]


def discard(parameters: Parameters, broker: Broker, dial: Dial, seconds: float) -> bool:
    """Connect cleanly and leave, which takes at most so long; tells whether the broker agreed."""
    clean = replace(
        parameters,
        session=replace(parameters.session, resumes=False),
        will=None,
        connection_timeout=seconds,
    )
    client = make_client(clean, on_released=_ignored, dial=dial)
    waker = Waker()
    line = Line(client, broker, waker)
    try:
        line.connect(clean, clean=True)
        line.turn_until(lambda: client.is_connected() or dial.interrupted or not line.alive, seconds)
        agreed = client.is_connected()
        if agreed:
            line.leave(seconds)
    except SinetError:
        return False
    finally:
        line.end()
        waker.close()
    return agreed


def _ignored(_mid: int) -> None:
    pass
