"""The committed mosquitto.conf: its listeners, and a copy of it on other ports."""

import re
from collections.abc import Mapping
from pathlib import Path

import psutil

from tools.brokers.errors import UnavailableError
from tools.brokers.ports import HOST, free_ports

__all__ = ["ACL", "CONFIG", "addresses", "native"]

CONFIG = Path(__file__).parent / "mosquitto" / "mosquitto.conf"
ACL = CONFIG.parent / "acl"
_LISTENER = re.compile(r"^# == (\w+):.*\nlistener (\d+)(?: \S+)?$((?:\n.+)*)", re.MULTILINE)
_PLUGIN = re.compile(r"^plugin .*$", re.MULTILINE)
_PLUGIN_PLACES = ("lib/*/mosquitto_dynamic_security.so", "lib/mosquitto_dynamic_security.so")
_PREFIXES = ("/usr", "/usr/local", "/opt/homebrew")


def addresses(text: str) -> dict[str, str]:
    return {name: f"{HOST}:{port}" for name, port, _ in _LISTENER.findall(text)}


def _plugin() -> Path:
    for prefix in _PREFIXES:
        for place in _PLUGIN_PLACES:
            for found in Path(prefix).glob(place):
                return found
    raise UnavailableError("mosquitto_dynamic_security.so was not found. It is part of Debian's package mosquitto.")


def _loopback_interface() -> str:
    return next(name for name, owned in psutil.net_if_addrs().items() if any(one.address == HOST for one in owned))


def native(text: str, changes: Mapping[str, str]) -> str:
    """The same settings on free loopback ports; a change replaces the line of its name, which must be there."""
    ports = iter(free_ports(len(_LISTENER.findall(text))))
    interface = _loopback_interface()

    def moved(found: re.Match[str]) -> str:
        # Debian's Mosquitto takes an address after a WebSockets listener for nothing, and listens everywhere.
        where = interface if "protocol websockets" in found[3] else HOST
        return found[0].replace(f"\nlistener {found[2]}", f"\nlistener {next(ports)} {where}", 1)

    text = _PLUGIN.sub(f"plugin {_plugin()}", _LISTENER.sub(moved, text))
    for key, value in changes.items():
        text, count = re.subn(rf"^{re.escape(key)} .*$", f"{key} {value}", text, flags=re.MULTILINE)
        if not count:
            raise ValueError(f"{key}: no line of {CONFIG.name} sets it")
    return text
