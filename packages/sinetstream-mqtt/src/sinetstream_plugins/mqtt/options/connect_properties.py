"""What MQTT 5 adds to CONNECT."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.properties import Properties
from sinetstream.spi.options import Binary, Checked, Integer, Kind, MappingOf, Option, Secret, Text, Values
from sinetstream_plugins.mqtt.options.declare import TEXT, option
from sinetstream_plugins.mqtt.options.utf8_rules import MOST_BYTES, fault
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["CONNECT_PROPERTIES", "SESSION_EXPIRY_INTERVAL", "connect_properties"]

_WINDOW = 1000  # what a broker without a window of its own may leave with a reader


class _Bit(Kind[int]):
    words = "true or false"

    def read(self, value: object, path: str) -> int:
        if value not in (0, 1):
            raise self.refuse(value, path)
        return int(bool(value))

    def schema(self) -> dict[str, Any]:
        return {"enum": [True, False, 0, 1]}


def _aliases(count: int) -> str | None:
    return "topic aliases are not supported: leave it out, or 0" if count else None


def _pairs(pairs: Mapping[str, str]) -> str | None:
    return next((why for pair in pairs.items() for text in pair if (why := fault(text)) is not None), None)


def _length(data: bytes) -> str | None:
    return None if len(data) <= MOST_BYTES else f"is longer than the {MOST_BYTES} bytes of MQTT"


SESSION_EXPIRY_INTERVAL = option(
    "session_expiry_interval",
    Integer(0, 2**32 - 1, "seconds"),
    None,
    "MQTT 5: how long the broker keeps the session of a lost client",
    default_words="without end, or an hour, where a session is to be resumed; else 0",
)
_AUTH_METHOD = option("auth_method", TEXT, None, "MQTT 5")
_AUTH_DATA = option(
    "auth_data", Secret(Checked("bytes or a string", _length, Binary())), None, "MQTT 5; with `auth_method`"
)

CONNECT_PROPERTIES: Mapping[str, Option[Any]] = {
    "SessionExpiryInterval": SESSION_EXPIRY_INTERVAL,
    "ReceiveMaximum": option(
        "receive_maximum", Integer(1, 65535), _WINDOW, "MQTT 5: how many messages may wait in a reader's memory"
    ),
    "MaximumPacketSize": option(
        "maximum_packet_size", Integer(1, 2**32 - 1, "bytes"), None, "MQTT 5", default_words="no limit"
    ),
    "TopicAliasMaximum": option(
        "topic_alias_maximum", Checked("0", _aliases, Integer(0, 65535)), 0, "MQTT 5: topic aliases are not supported"
    ),
    "RequestResponseInformation": option("request_response_info", _Bit(), None, "MQTT 5"),
    "RequestProblemInformation": option("request_problem_info", _Bit(), None, "MQTT 5"),
    "UserProperty": option(
        "user_property",
        Checked("a mapping of strings to strings", _pairs, MappingOf(Text(empty=True))),
        None,
        "MQTT 5: user properties of CONNECT",
    ),
    "AuthenticationMethod": _AUTH_METHOD,
    "AuthenticationData": _AUTH_DATA,
}
"""What paho calls the options of MQTT 5 that go into CONNECT."""


def connect_properties(values: Values, protocol: int, expiry_s: int | None) -> Properties | None:
    """The properties, None before MQTT 5; each of the options is refused there."""
    given = {name: option for name, option in CONNECT_PROPERTIES.items() if option in values}
    if protocol != MQTTv5:
        for option in given.values():
            raise values.error(option, "needs `protocol: MQTTv5`")
        return None
    if _AUTH_DATA in values and _AUTH_METHOD not in values:
        raise values.error(_AUTH_DATA, "needs auth_method beside it")
    of_connect: dict[str, Any] = {"SessionExpiryInterval": expiry_s, "ReceiveMaximum": _WINDOW}
    of_connect |= {name: values[option] for name, option in given.items()}
    if "UserProperty" in of_connect:
        of_connect["UserProperty"] = list(of_connect["UserProperty"].items())
    return properties(PacketTypes.CONNECT, **of_connect)
