"""MQTT over WebSockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sinetstream.spi.options import Checked, Choice, Group, MappingOf, Secret, Text, Values
from sinetstream_plugins.mqtt.options.declare import option

__all__ = ["TRANSPORT", "WS_OPTIONS", "Transport", "websockets"]

Transport = Literal["tcp", "websockets"]

_NOT_HTTP = "has characters that HTTP does not take"
_TRANSPORTS: Mapping[str, Transport] = {"tcp": "tcp", "websockets": "websockets"}


def _path(text: str) -> str | None:
    return None if text.isprintable() else _NOT_HTTP


def _headers(headers: Mapping[str, str]) -> str | None:
    return None if all(text.isprintable() for pair in headers.items() for text in pair) else _NOT_HTTP


_PATH = option("path", Checked("a string", _path, Text(empty=True)), "/mqtt")
_HEADERS = option(
    "headers",
    Secret(Checked("a mapping of strings to strings", _headers, MappingOf(Text(empty=True)))),
    dict[str, str](),
)
_OPTIONS = Group(_PATH, _HEADERS)

TRANSPORT = option("transport", Choice(_TRANSPORTS), "tcp")
WS_OPTIONS = option(
    "ws_options", _OPTIONS, _OPTIONS.absent, "of the request that opens a WebSocket", older="ws_set_options"
)


def websockets(values: Values) -> tuple[str, Mapping[str, str]]:
    """The path and the headers of the request that opens a WebSocket."""
    if values[TRANSPORT] != "websockets" and WS_OPTIONS in values:
        raise values.error(WS_OPTIONS, "needs `transport: websockets`")
    return values[WS_OPTIONS][_PATH], values[WS_OPTIONS][_HEADERS]
