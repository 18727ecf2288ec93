"""Where the brokers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sinetstream_plugins.mqtt.options.options import wrong

__all__ = ["Broker", "brokers"]


@dataclass(frozen=True, slots=True)
class Broker:
    """One address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def brokers(given: Any, default_port: int) -> tuple[Broker, ...]:
    """The addresses, in the order in which they are tried: `host`, `host:port`, `[IPv6]:port`; a list or with commas."""
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, list | tuple) or not items:
        raise wrong("brokers", "the MQTT plugin needs at least one, as in 'localhost:1883'")
    return tuple(_broker(item, default_port) for item in items)


def _broker(item: Any, default_port: int) -> Broker:
    if not isinstance(item, str) or not item.strip():
        raise wrong("brokers", f"must be strings of the form host:port, not {type(item).__name__}")
    text = item.strip()
    if "@" in text:  # not shown: there may be a password in front of it
        raise wrong("brokers", "must be host:port, without user and password: these are set with `username_pw`")
    if "/" in text or any(c.isspace() for c in text):
        words = "must be host:port; TLS is set with `tls`, WebSockets with `transport` and `ws_options`"
        raise wrong("brokers", f"{text!r} {words}")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or not host or (rest and not rest.startswith(":")):
            raise wrong("brokers", f"{text!r} must be of the form [IPv6 address]:port")
        return Broker(host, _port(rest[1:], text) if rest else default_port)
    if text.count(":") > 1:
        return Broker(text, default_port)  # an IPv6 address without a port
    host, colon, port = text.partition(":")
    if not host:
        raise wrong("brokers", f"{text!r} has no host")
    return Broker(host, _port(port, text) if colon else default_port)


def _port(digits: str, text: str) -> int:
    if not (digits.isascii() and digits.isdecimal() and 0 < int(digits) < 65536):
        raise wrong("brokers", f"{text!r} must end in a port from 1 to 65535")
    return int(digits)
