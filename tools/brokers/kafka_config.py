"""The committed server.properties: its listeners, and a copy of it on other ports."""

import re
from collections.abc import Mapping
from pathlib import Path

from tools.brokers.ports import HOST, free_ports

__all__ = ["CONFIG", "addresses", "native"]

CONFIG = Path(__file__).parent / "kafka" / "server.properties"
_ENDPOINT = re.compile(r"([A-Z_]+)://([^:,]*):(\d+)")
_ADDRESS_LINES = ("listeners=", "advertised.listeners=", "controller.quorum.voters=")


def _line(text: str, key: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"{key}="))


def addresses(text: str) -> dict[str, str]:
    """Where clients find each listener; `behind_proxy` is the port that `proxied` is really bound to."""
    bound = {name.lower(): port for name, _, port in _ENDPOINT.findall(_line(text, "listeners"))}
    advertised = _ENDPOINT.findall(_line(text, "advertised.listeners"))
    found = {name.lower(): f"{host}:{port}" for name, host, port in advertised}
    return found | {"behind_proxy": f"{HOST}:{bound['proxied']}"}


def native(text: str, changes: Mapping[str, str]) -> str:
    """The same settings on free ports of 127.0.0.1, with `changes` appended: in a properties file the last one counts."""
    lines = [line for line in text.splitlines() if line.startswith(_ADDRESS_LINES)]
    ports = sorted({port for line in lines for port in re.findall(r":(\d+)", line)})
    moved = dict(zip(ports, map(str, free_ports(len(ports))), strict=True))
    for line in lines:
        there = _ENDPOINT.sub(lambda found: f"{found[1]}://{HOST}:{found[3]}", line)
        text = text.replace(line, re.sub(r":(\d+)", lambda found: f":{moved[found[1]]}", there))
    return text + "".join(f"{key}={value}\n" for key, value in changes.items())
