"""What MQTT 5 adds to CONNECT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.properties import Properties
from sinetstream_plugins.mqtt.options.names import CONNECT_PROPERTIES
from sinetstream_plugins.mqtt.options.options import Options
from sinetstream_plugins.mqtt.options.utf8_rules import MOST_BYTES, fault
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["connect_properties"]

_WINDOW = 1000  # what a broker without a window of its own may leave with a reader


def connect_properties(specific: Options, protocol: int, expiry_s: int | None) -> Properties | None:
    """The properties, None before MQTT 5; each of the parameters is refused there."""
    if protocol != MQTTv5:
        for name in CONNECT_PROPERTIES:
            if name in specific:
                raise specific.error(name, "needs `protocol: MQTTv5`")
        return None
    if "auth_data" in specific and "auth_method" not in specific:
        raise specific.error("auth_data", "needs auth_method beside it")
    values: dict[str, Any] = {"session_expiry_interval": expiry_s, "receive_maximum": _WINDOW}
    values |= {name: _READ[name](specific, name) for name in CONNECT_PROPERTIES if name in specific}
    return properties(PacketTypes.CONNECT, **{CONNECT_PROPERTIES[name]: value for name, value in values.items()})


def _integer(low: int, high: int) -> Callable[[Options, str], Any]:
    return lambda options, name: options.integer(name, low, low, high)


def _flag(options: Options, name: str) -> int:
    value = options.values[name]
    if value not in (0, 1):
        raise options.error(name, f"must be true or false, not {value!r}")
    return int(value)


def _no_aliases(options: Options, name: str) -> int:
    if options.integer(name, 0, 0, 65535):
        raise options.error(name, "topic aliases are not supported: leave it out, or 0")
    return 0


def _pairs(options: Options, name: str) -> list[tuple[str, str]]:
    value = options.values[name]
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise options.error(name, "must be a mapping of strings to strings")
    for pair in value.items():
        for text in pair:
            if (why := fault(text)) is not None:
                raise options.error(name, why)
    return list(value.items())


def _bytes(options: Options, name: str) -> bytes:
    value = options.values[name]
    if not isinstance(value, bytes | str):
        raise options.error(name, f"must be bytes or a string, not {type(value).__name__}")
    data = value.encode(errors="surrogatepass") if isinstance(value, str) else bytes(value)
    if len(data) > MOST_BYTES:
        raise options.error(name, f"is longer than the {MOST_BYTES} bytes of MQTT")
    return data


def _text(options: Options, name: str) -> str:
    text = options.text(name, "")
    if (why := fault(text)) is not None:
        raise options.error(name, why)
    return text


_READ: dict[str, Callable[[Options, str], Any]] = {
    "session_expiry_interval": _integer(0, 2**32 - 1),
    "receive_maximum": _integer(1, 65535),
    "maximum_packet_size": _integer(1, 2**32 - 1),
    "topic_alias_maximum": _no_aliases,
    "request_response_info": _flag,
    "request_problem_info": _flag,
    "user_property": _pairs,
    "auth_method": _text,
    "auth_data": _bytes,
}
