"""Which options kafka-python has, whose they are, and what a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka.kafka_python.option_values import CONSUMER_DEFAULTS, PRODUCER_DEFAULTS

__all__ = ["OPTIONS", "OURS", "Role", "defaults", "refuse_foreign"]

Role = Literal["reader", "writer"]

OURS: Mapping[str, Role | Literal["both"]] = {
    "topic_pattern": "reader",
    "buffer_memory": "writer",
    "record_time": "both",  # readers check it and leave it aside
}
"""Options of this plugin, or of older configurations, that kafka-python does not have."""

_INSTEAD = {
    "bootstrap_servers": "say brokers",
    "client_id": "say client_id beside brokers",
    "consumer_timeout_ms": "say receive_timeout_ms",
    "value_serializer": "say value_serializer beside brokers",
    "value_deserializer": "say value_deserializer beside brokers",
    "key_serializer": "keys are bytes or str",
    "key_deserializer": "keys are bytes",
    "default_offset_commit_callback": "the plugin commits what the application has finished",
    "metric_group_prefix": "it has no effect here",
}

OPTIONS = (frozenset(CONSUMER_DEFAULTS) | frozenset(PRODUCER_DEFAULTS) | frozenset(OURS)) - frozenset(_INSTEAD)
"""What may be configured, for readers and writers together."""


def defaults(role: Role) -> Mapping[str, Any]:
    """kafka-python's defaults for this side."""
    return CONSUMER_DEFAULTS if role == "reader" else PRODUCER_DEFAULTS


def refuse_foreign(name: Any, path: str, role: Role) -> None:
    """Raises `InvalidArgumentError` for an option that this side does not have, and says what would be right."""
    if name in _INSTEAD and name not in OPTIONS:
        raise InvalidArgumentError(f"{path}: not for a service of SINETStream; {_INSTEAD[name]}", path=path)
    if name in OPTIONS:
        if not _belongs(name, role):
            other = "reader" if role == "writer" else "writer"
            raise InvalidArgumentError(f"{path}: is an option of {other}s, and this is a {role}", path=path)
        return
    near = get_close_matches(name.casefold(), OPTIONS, 1) if isinstance(name, str) else []
    hint = f"; did you mean {near[0]!r}, an option of {_whose(near[0])}?" if near else ""
    raise InvalidArgumentError(f"{path}: kafka-python has no such option{hint}", path=path)


def _belongs(name: str, role: Role) -> bool:
    return OURS[name] in (role, "both") if name in OURS else name in defaults(role)


def _whose(name: str) -> str:
    if _belongs(name, "reader") and _belongs(name, "writer"):
        return "readers and writers"
    return "readers" if _belongs(name, "reader") else "writers"
