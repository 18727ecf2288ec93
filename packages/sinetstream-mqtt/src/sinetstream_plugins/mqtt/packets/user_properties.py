"""Keys and headers as user properties of MQTT 5, which are text."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from paho.mqtt.properties import Properties
from sinetstream.errors import InvalidArgumentError
from sinetstream_plugins.mqtt.options.utf8_rules import fault, is_safe
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes

__all__ = ["pack", "unpack"]

_KEY = "sinetstream-key"
_BINARY = "base64:"  # text that begins so is sent as base64 too, and what brokers or clients stumble over


def pack(key: bytes | None, headers: Mapping[str, bytes] | None) -> Properties:
    """The properties of one publish. Raises `InvalidArgumentError` for a name that MQTT cannot carry or that is taken, and for too long a value."""
    pairs = []
    for name, value in (headers or {}).items():
        if name == _KEY or not name or not is_safe(name):
            raise InvalidArgumentError(f"headers: {name!r} cannot be a header's name", path="headers")
        pairs.append((name, _text(value)))
    if key is not None:
        pairs.append((_KEY, _text(key)))
    for pair in pairs:
        for text in pair:
            if (why := fault(text)) is not None:
                raise InvalidArgumentError(f"headers: {pair[0][:50]!r}, name or value, {why}", path="headers")
    return properties(PacketTypes.PUBLISH, UserProperty=pairs)


def unpack(received: Any) -> tuple[bytes | None, dict[str, bytes]]:
    """The key and the headers; of properties with one name the last."""
    pairs = {name: _bytes(text) for name, text in getattr(received, "UserProperty", ())}
    return pairs.pop(_KEY, None), pairs


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = _BINARY
    if text.startswith(_BINARY) or not is_safe(text):
        return _BINARY + base64.b64encode(value).decode()
    return text


def _bytes(text: str) -> bytes:
    if text.startswith(_BINARY):
        try:
            return base64.b64decode(text.removeprefix(_BINARY), validate=True)
        except binascii.Error:
            pass
    return text.encode()
