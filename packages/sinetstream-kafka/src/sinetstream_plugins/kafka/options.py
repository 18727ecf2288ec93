"""From `params` to what the client is constructed with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from sinetstream.errors import InvalidArgumentError
from sinetstream.spi import Consistency

from sinetstream_plugins.kafka import promises, security
from sinetstream_plugins.kafka.brokers import Address, addresses
from sinetstream_plugins.kafka.names import OPTIONS, OURS, Role, defaults, refuse_foreign

__all__ = ["Options", "parse"]

_BOOTSTRAP_TIMEOUT_MS = 10_000
_ASSIGNORS = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


@dataclass(frozen=True)
class Options:
    """What one reader or writer is made of."""

    brokers: list[Address]
    client: Mapping[str, Any]
    """The keywords for kafka-python's constructor."""

    consistency: Consistency
    topic_pattern: str | None = None
    buffer_memory: float = math.inf


def parse(params: Mapping[str, Any], role: Role) -> Options:
    """Raises `InvalidArgumentError` for whatever kafka-python would not accept, and for what breaks `consistency`."""
    brokers = addresses(params.get("brokers"))
    given = _given(params, role)
    for name, (value, path) in given.items():
        _check_kind(value, path, defaults(role).get(name))
    values = {name: value for name, (value, _) in given.items()}
    client: dict[str, Any] = {
        "bootstrap_timeout_ms": _BOOTSTRAP_TIMEOUT_MS,
        **{name: value for name, value in values.items() if name not in OURS},
        "bootstrap_servers": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in brokers],
        "client_id": params["client_id"],
    }
    client.update(security.settings(params, values))
    promises.keep(role, params["consistency"], client, {name: path for name, (_, path) in given.items()})
    if "partition_assignment_strategy" in client:
        client["partition_assignment_strategy"] = _assignors(*given["partition_assignment_strategy"])
    pattern, path = given.get("topic_pattern", (None, ""))
    return Options(
        brokers, client, params["consistency"], _pattern(pattern, path), values.get("buffer_memory", math.inf)
    )


def _given(params: Mapping[str, Any], role: Role) -> dict[str, tuple[Any, str]]:
    """Each option's value and place: beside `brokers` (configuration versions 1 and 2), or in `type_spec`."""
    given = {name: (value, name) for name, value in params.items() if name in OPTIONS}
    type_spec = params.get("type_spec") or {}
    if not isinstance(type_spec, Mapping):
        raise InvalidArgumentError("type_spec: must be a mapping", path="type_spec")
    given |= {name: (value, f"type_spec.{name}") for name, value in type_spec.items() if name != "tls"}
    for name, (_, path) in given.items():
        refuse_foreign(name, path, role)
    return given


def _check_kind(value: Any, path: str, default: Any) -> None:
    wanted: Callable[[Any], bool]
    if isinstance(default, bool):
        wanted, name = lambda v: isinstance(v, bool), "true or false"
    elif isinstance(default, int | float):
        wanted, name = lambda v: isinstance(v, int | float) and not isinstance(v, bool), "a number"
    elif isinstance(default, str):
        wanted, name = lambda v: isinstance(v, str), "a text"
    else:
        return
    if not wanted(value) and not (path.endswith("acks") and value == "all"):
        raise InvalidArgumentError(f"{path}: must be {name}, not {type(value).__name__}", path=path)


def _assignors(strategies: Any, path: str) -> list[Any]:
    listed = strategies if isinstance(strategies, list | tuple) else [strategies]
    for strategy in listed:
        if isinstance(strategy, str) and strategy not in _ASSIGNORS:
            raise InvalidArgumentError(f"{path}: must be one of {', '.join(_ASSIGNORS)}", path=path)
    return [_ASSIGNORS[strategy] if isinstance(strategy, str) else strategy for strategy in listed]


def _pattern(pattern: Any, path: str) -> str | None:
    if pattern is None:
        return None
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        raise InvalidArgumentError(f"{path}: is not a regular expression: {error}", path=path) from None
    return str(pattern)
