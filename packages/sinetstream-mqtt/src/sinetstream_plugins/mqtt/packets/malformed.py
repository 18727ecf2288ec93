"""What can be saved of a PUBLISH of MQTT 5 whose properties cannot be read."""

from __future__ import annotations

import struct

from paho.mqtt.properties import Properties, VariableByteIntegers
from sinetstream_plugins.mqtt.paho.undocumented import MQTTException, PacketTypes

__all__ = ["without_properties"]

_QOS = 0x06  # in the first byte


def without_properties(command: int, packet: bytearray) -> bytearray | None:
    """The packet with empty properties where they are at fault, and nothing else is; else None."""
    try:
        (topic_size,) = struct.unpack_from("!H", packet)
        start = 2 + topic_size + (2 if command & _QOS else 0)
        length, digits = VariableByteIntegers.decode(packet[start : start + 4])  # type: ignore[no-untyped-call]  # paho's
    except (struct.error, IndexError, MQTTException):
        return None
    end = start + digits + length
    if end > len(packet) or _can_be_read(packet[start:end]):
        return None
    return packet[:start] + b"\0" + packet[end:]


def _can_be_read(packed: bytearray) -> bool:
    try:
        Properties(PacketTypes.PUBLISH).unpack(packed)  # type: ignore[no-untyped-call]  # paho's
    except Exception:  # noqa: BLE001  paho raises what it stumbles over
        return False
    return True
