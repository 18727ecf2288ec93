"""What the broker publishes when this client is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import MQTTv5
from sinetstream.spi import COMMON_PARAMETERS, Consistency
from sinetstream_plugins.mqtt.options import topics
from sinetstream_plugins.mqtt.options.options import Options
from sinetstream_plugins.mqtt.options.utf8_rules import MOST_BYTES

__all__ = ["Will", "will"]

_OWN = ("topic", "payload", "qos", "consistency", "retain", "delay_interval")
_QOS = {member.name: member.value for member in Consistency}


@dataclass(frozen=True, slots=True)
class Will:
    """A message, encoded already."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int
    retain: bool
    delay_s: int | None


def will(specific: Options, protocol: int, default_qos: int) -> Will | None:
    """The will, None where there is none. What says how it is encoded was the core's to read."""
    if "will" not in specific:
        return None
    options = specific.section("will", {*_OWN, *COMMON_PARAMETERS})
    for name in ("topic", "payload"):
        if name not in options:
            raise options.error(name, "is required for a will")
    if not isinstance(options.values["payload"], bytes):
        raise options.error("payload", "was not encoded as a message")
    if (size := len(options.values["payload"])) > MOST_BYTES:
        raise options.error("payload", f"is a message of {size} bytes, and a will has at most {MOST_BYTES}")
    delay_s = options.integer("delay_interval", None, 0, 2**32 - 1)
    if delay_s is not None and protocol != MQTTv5:
        raise options.error("delay_interval", "needs `protocol: MQTTv5`")
    return Will(
        topic=topics.name(options.values["topic"], options.at("topic")),
        payload=options.values["payload"],
        qos=options.integer("qos", _consistency(options, default_qos), 0, 2),
        retain=options.flag("retain", default=False),
        delay_s=delay_s,
    )


def _consistency(options: Options, default: int) -> int:
    value: Any = options.values.get("consistency")
    if isinstance(value, Consistency):
        return value.value
    if isinstance(value, int) and not isinstance(value, bool):
        return options.integer("consistency", default, 0, 2)
    return options.choice("consistency", _QOS, default)
