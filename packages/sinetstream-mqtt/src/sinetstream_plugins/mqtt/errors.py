"""From paho's exceptions, and those of the network, to ours."""

from __future__ import annotations

from collections.abc import Mapping

from sinetstream.errors import ConnectionError, SinetError
from sinetstream_plugins.mqtt.paho.undocumented import MQTTException

__all__ = ["ERRORS"]

ERRORS: Mapping[type[Exception], type[SinetError]] = {
    OSError: ConnectionError,  # those of ssl and paho's WebsocketConnectionError are such
    MQTTException: ConnectionError,
}
