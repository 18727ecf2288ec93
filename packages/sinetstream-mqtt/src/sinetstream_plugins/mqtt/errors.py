"""From paho's exceptions, and those of the network, to ours."""

from __future__ import annotations

from collections.abc import Mapping

from paho.mqtt import MQTTException
from sinetstream.errors import ConnectionError, SinetError

__all__ = ["ERRORS"]

ERRORS: Mapping[type[Exception], type[SinetError]] = {
    OSError: ConnectionError,  # those of ssl and paho's WebsocketConnectionError are such
    MQTTException: ConnectionError,
}
