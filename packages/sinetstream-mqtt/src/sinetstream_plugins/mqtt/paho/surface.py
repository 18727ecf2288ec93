"""The names of paho-mqtt that are private or undocumented, and what happens where a release lacks one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

from sinetstream.errors import UnsupportedServiceTypeError

__all__ = ["REQUIRED", "SPEED", "check", "missing"]

Names = Mapping[str, Sequence[str]]
"""By owner: a module, or a class of `paho.mqtt.client`, whose instances have the names."""

REQUIRED: Names = {
    "paho.mqtt": ("MQTTException",),
    "paho.mqtt.packettypes": ("PacketTypes",),
    "paho.mqtt.subscribeoptions": ("SubscribeOptions",),
    "paho.mqtt.client": ("_WebsocketWrapper",),
    "Client": (
        "_create_socket",
        "_create_socket_connection",
        "_do_on_publish",
        "_get_proxy",
        "_handle_on_message",
        "_handle_publish",
        "_handle_pubrec",
        "_handle_pubrel",
        "_in_messages",
        "_in_packet",
        "_inflight_messages",
        "_last_msg_out",
        "_messages_reconnect_reset_out",
        "_out_message_mutex",
        "_out_messages",
        "_ping_t",
        "_send_pubcomp",
        "_send_pubrec",
    ),
}
"""Without one of these, the plugin does not work."""

SPEED: Mapping[str, Names] = {
    "fast_sending": {
        "Client": ("_mid_generate", "_out_packet", "_pack_remaining_length", "_packet_queue", "_send_publish", "_sock"),
        "MQTTMessageInfo": ("_set_as_published",),
    },
    "fast_receiving": {
        "Client": ("_loop_rc_handle", "_packet_handle", "_packet_read", "_send_pubrel", "_sock"),
        "MQTTMessageInfo": ("_set_as_published",),
    },
}
"""By module: without one of its names, the module is not used, and messages are sent or received more slowly."""


def check() -> None:
    """Raises `UnsupportedServiceTypeError` where the installed release lacks a name that is needed."""
    lacking = missing(REQUIRED)
    if not lacking:
        return
    try:
        installed = version("paho-mqtt")
    except PackageNotFoundError:
        installed = "(of unknown release)"
    supported = _supported()
    raise UnsupportedServiceTypeError(
        f"paho-mqtt {installed} is installed and has no {', '.join(lacking)}; supported is {supported}: "
        f"pip install '{supported}'"
    )


def missing(names: Names) -> list[str]:
    """Those of the names that the installed release lacks."""
    lacking = []
    for owner, some in names.items():
        where = _example(owner)
        lacking += [f"{owner}.{name}" for name in some if not hasattr(where, name)]
    return lacking


def _example(owner: str) -> object:
    try:
        if owner.startswith("paho."):
            return import_module(owner)
        client = import_module("paho.mqtt.client")
        if owner == "Client":
            return client.Client(client.CallbackAPIVersion.VERSION2)
        return getattr(client, owner)(0)
    except (ImportError, AttributeError):
        return None


def _supported() -> str:
    requirements = [text for text in requires("sinetstream-mqtt") or () if re.match(r"paho-mqtt\b", text)]
    return requirements[0] if requirements else "paho-mqtt"
