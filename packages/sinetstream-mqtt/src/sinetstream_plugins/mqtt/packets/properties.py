"""Properties of MQTT 5, for a kind of packet."""

from __future__ import annotations

from typing import Any

from paho.mqtt.properties import Properties

__all__ = ["properties"]


def properties(packet_type: int, **values: Any) -> Properties:
    """With these values, under paho's names."""
    made = Properties(packet_type)  # type: ignore[no-untyped-call]  # paho's
    for name, value in values.items():
        setattr(made, name, value)
    return made
