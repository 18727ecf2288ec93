"""What the broker publishes when this client is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import MQTTv5
from sinetstream.spi import COMMON_PARAMETERS, Consistency
from sinetstream.spi.options import Boolean, Checked, Choice, Group, Integer, Kind, Values
from sinetstream_plugins.mqtt.options import topics
from sinetstream_plugins.mqtt.options.declare import option
from sinetstream_plugins.mqtt.options.utf8_rules import MOST_BYTES

__all__ = ["WILL", "Will", "will"]


class _Topic(Kind[str]):
    words = "a topic to write to"

    def read(self, value: object, path: str) -> str:
        return topics.name(value, path)


def _payload(value: Any) -> str | None:
    if not isinstance(value, bytes):
        return "was not encoded as a message"
    size = len(value)
    return None if size <= MOST_BYTES else f"is a message of {size} bytes, and a will has at most {MOST_BYTES}"


_CONSISTENCIES = {member.name: member.value for member in Consistency}
_BY_NUMBER: dict[Any, int] = {member: member.value for member in Consistency} | {
    member.value: member.value for member in Consistency
}

_TOPIC = option("topic", _Topic(), "", default_words="required")
_PAYLOAD: Any = option(
    "payload",
    Checked[bytes]("a value of the service", _payload),
    b"",
    "encoded as a message of the service, encrypted where the service is, unless encoding parameters beside it say "
    "otherwise; at most 65,535 bytes then",
    default_words="required",
)
_QOS = option("qos", Integer(0, 2), None, default_words="that of `consistency`")
_CONSISTENCY = option("consistency", Choice(_CONSISTENCIES, _BY_NUMBER), None, default_words="the service's")
_RETAIN = option("retain", Boolean(), default=False)
_DELAY = option(
    "delay_interval",
    Integer(0, 2**32 - 1, "seconds"),
    None,
    "MQTT 5; it ends with the session: ask for a `session_expiry_interval` as long",
    default_words="none",
)
_OWN = (_TOPIC, _PAYLOAD, _QOS, _CONSISTENCY, _RETAIN, _DELAY)

WILL = option(
    "will",
    Group(*_OWN, beside=COMMON_PARAMETERS - {each.name for each in _OWN}),
    None,
    "what the broker publishes when the client is lost",
    older="will_set",
)


@dataclass(frozen=True, slots=True)
class Will:
    """A message, encoded already."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int
    retain: bool
    delay_s: int | None


def will(values: Values, protocol: int, default_qos: int) -> Will | None:
    """The will, None where there is none. What says how it is encoded was the core's to read."""
    given = values[WILL]
    if given is None:
        return None
    for needed in (_TOPIC, _PAYLOAD):
        if needed not in given:
            raise given.error(needed, "is required for a will")
    delay_s = given[_DELAY]
    if delay_s is not None and protocol != MQTTv5:
        raise given.error(_DELAY, "needs `protocol: MQTTv5`")
    asked = [qos for qos in (given[_QOS], given[_CONSISTENCY], default_qos) if qos is not None]
    return Will(given[_TOPIC], given[_PAYLOAD], asked[0], given[_RETAIN], delay_s)
