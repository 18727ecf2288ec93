"""What the options may be together, and what follows from them, as far as it is known without a broker."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.options import Role

from sinetstream_plugins.kafka.kafka_python.option_values import CONSUMER_DEFAULTS, PRODUCER_DEFAULTS

__all__ = ["agree"]

_HEARTBEAT_MS = 3_000
_HEARTBEATS = 3  # in one session timeout
_IN_FLIGHT = 5
_INSTANCE_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
_LESS: Mapping[Role, tuple[tuple[str, str], ...]] = {
    "reader": (
        ("heartbeat_interval_ms", "session_timeout_ms"),
        ("fetch_max_wait_ms", "request_timeout_ms"),
        ("request_timeout_ms", "connections_max_idle_ms"),
    ),
    "writer": (),
}
_IN_TIME = ("linger_ms", "request_timeout_ms")  # of a writer, and within its delivery_timeout_ms


def agree(client: dict[str, Any], paths: Mapping[str, str], role: Role) -> None:
    """Raises `InvalidArgumentError` for values that contradict one another. Adds to `client` what follows from others."""
    if role == "writer":
        _numbered(client, paths)
    else:
        _instance(client, paths)
        if "heartbeat_interval_ms" not in client and "session_timeout_ms" in client:
            client["heartbeat_interval_ms"] = min(_HEARTBEAT_MS, max(1, client["session_timeout_ms"] // _HEARTBEATS))
    settings = {**(CONSUMER_DEFAULTS if role == "reader" else PRODUCER_DEFAULTS), **client}
    if role == "writer" and settings["delivery_timeout_ms"] < sum(settings[name] for name in _IN_TIME):
        path = next(paths[name] for name in ("delivery_timeout_ms", *_IN_TIME) if name in paths)
        raise _error(path, f"delivery_timeout_ms must be at least {' + '.join(_IN_TIME)}")
    for less, more in _LESS[role]:
        if settings[less] >= settings[more]:
            text = f"{less} ({settings[less]}) must be less than {more} ({settings[more]})"
            raise _error(paths.get(less) or paths.get(more, less), text)


def _numbered(client: Mapping[str, Any], paths: Mapping[str, str]) -> None:
    name = "max_in_flight_requests_per_connection"
    if client.get("enable_idempotence") and client.get(name, 0) > _IN_FLIGHT:
        raise _error(paths[name], f"must be at most {_IN_FLIGHT} above AT_MOST_ONCE")


def _instance(client: Mapping[str, Any], paths: Mapping[str, str]) -> None:
    instance, name = client.get("group_instance_id"), "group_instance_id"
    if instance is None:
        return
    if client.get("group_id") is None:
        raise _error(paths[name], "needs a group_id")
    if not _INSTANCE_ID.fullmatch(instance):
        raise _error(paths[name], "must be up to 249 of A-Z, a-z, 0-9, '.', '_' and '-'")


def _error(path: str, words: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{path}: {words}", path=path)
