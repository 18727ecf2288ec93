"""From `params` to what the client is constructed with."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi import Consistency

from sinetstream_plugins.kafka.options import delivery_guarantees, tls_and_sasl
from sinetstream_plugins.kafka.options.bootstrap_servers import Address, addresses
from sinetstream_plugins.kafka.options.names import OPTIONS, OURS, Role, refuse_foreign
from sinetstream_plugins.kafka.options.rules import agree
from sinetstream_plugins.kafka.options.types import assignors, check, version

__all__ = ["Options", "parse"]

_DEFAULTS = {
    "bootstrap_timeout_ms": 10_000,
    "reconnect_backoff_max_ms": 1000,  # as Kafka's own clients; kafka-python's 30 s are long after a broker's restart
    "retry_backoff_ms": 20,  # kafka-python waits so long for what it does not know yet, several times while it opens
}


@dataclass(frozen=True)
class Options:
    """What one reader or writer is made of."""

    brokers: list[Address]
    client: Mapping[str, Any] = field(repr=False)
    """The keywords for kafka-python's constructor, secrets among them."""

    consistency: Consistency
    topic_pattern: str | None = None
    buffer_memory: float = math.inf
    record_time: Literal["publish", "message"] = "publish"


def parse(params: Mapping[str, Any], role: Role) -> Options:
    """Raises `InvalidArgumentError` for whatever kafka-python would not accept, and for what breaks `consistency`."""
    brokers = addresses(params.get("brokers"))
    given = _given(params, role)
    for name, (value, path) in given.items():
        check(name, value, path, role)
    values = {name: value for name, (value, _) in given.items()}
    client: dict[str, Any] = {
        **_DEFAULTS,
        **{name: value for name, value in values.items() if name not in OURS},
        "bootstrap_servers": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in brokers],
        "client_id": params["client_id"],
    }
    paths = {name: path for name, (_, path) in given.items()}
    client.update(tls_and_sasl.settings(params, values, paths))
    delivery_guarantees.apply(role, params["consistency"], client, paths)
    if "partition_assignment_strategy" in client:
        client["partition_assignment_strategy"] = assignors(*given["partition_assignment_strategy"])
    if "api_version" in client:
        client["api_version"] = version(*given["api_version"])
    agree(client, paths, role)
    pattern, path = given.get("topic_pattern", (None, ""))
    ours = {name: values[name] for name in ("buffer_memory", "record_time") if name in values}
    return Options(brokers, client, params["consistency"], _pattern(pattern, path), **ours)


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


def _pattern(pattern: Any, path: str) -> str | None:
    if pattern is None:
        return None
    try:
        re.compile(pattern)
    except re.error as error:
        raise InvalidArgumentError(f"{path}: is not a regular expression: {error}", path=path) from None
    return str(pattern)
