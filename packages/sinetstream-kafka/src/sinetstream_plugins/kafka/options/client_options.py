"""From `params` to what kafka-python's clients are constructed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinetstream.spi import Consistency
from sinetstream.spi.addresses import Address, addresses
from sinetstream.spi.options import Role

from sinetstream_plugins.kafka.options import delivery_guarantees, tls_and_sasl
from sinetstream_plugins.kafka.options.names import (
    BUFFER_MEMORY,
    DEFAULTS,
    MAX_DECOMPRESSED_BYTES,
    OPTIONS,
    OWN,
    RECORD_TIME,
    TOPIC_PATTERN,
)
from sinetstream_plugins.kafka.options.rules import agree

__all__ = ["Options", "parse"]

_DEFAULT_PORT = 9092
_LOGIN = "the user and the password go under type_spec"


@dataclass(frozen=True)
class Options:
    """What one reader or writer is made of."""

    brokers: tuple[Address, ...]
    client: Mapping[str, Any] = field(repr=False)
    """The keywords for kafka-python's constructor, secrets among them."""

    consistency: Consistency
    topic_pattern: str | None
    buffer_memory: float
    record_time: str
    max_decompressed_bytes: int


def parse(params: Mapping[str, Any], role: Role) -> Options:
    """Raises `InvalidArgumentError` for whatever kafka-python would not accept, and for what breaks `consistency`."""
    brokers = addresses(params.get("brokers"), _DEFAULT_PORT, login=_LOGIN)
    values = OPTIONS.read(_without_tls(params), role)
    own = {option.name for option in OWN}
    client: dict[str, Any] = {
        **DEFAULTS,
        **{name: values[name] for name in values if name not in own},
        "bootstrap_servers": list(map(str, brokers)),
        "client_id": params["client_id"],
        **tls_and_sasl.settings(params, values),
    }
    paths = {name: values.at(name) for name in values}
    delivery_guarantees.apply(role, params["consistency"], client, paths)
    agree(client, paths, role)
    return Options(
        brokers,
        client,
        params["consistency"],
        values[TOPIC_PATTERN],
        values[BUFFER_MEMORY],
        values[RECORD_TIME],
        values[MAX_DECOMPRESSED_BYTES],
    )


def _without_tls(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """`tls` may stand in `type_spec`, too, and is no option."""
    type_spec = params.get("type_spec")
    if not isinstance(type_spec, Mapping):
        return params
    return {**params, "type_spec": {name: value for name, value in type_spec.items() if name != "tls"}}
