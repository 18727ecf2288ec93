"""What each option may be, as far as it is known without a broker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf
from typing import Any

from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka import kinds
from sinetstream_plugins.kafka.kinds import Kind
from sinetstream_plugins.kafka.names import Role, defaults

__all__ = ["assignors", "check", "error", "version"]

_OLDEST = (0, 11)
_ASSIGNORS: Mapping[str, Any] = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}


def error(path: str, text: str) -> InvalidArgumentError:
    """The error to raise for the option at `path`."""
    return InvalidArgumentError(f"{path}: {text}", path=path)


def check(name: str, value: Any, path: str, role: Role) -> None:
    """Raises `InvalidArgumentError` for a value that kafka-python would not take."""
    kind = _KINDS.get(name) or _kind_of(defaults(role).get(name))
    wrong = kind(value) if kind is not None else None
    if wrong is not None:
        raise error(path, wrong)


def assignors(strategies: Any, path: str) -> list[Any]:
    """The classes that the names stand for."""
    listed = strategies if isinstance(strategies, list | tuple) else [strategies]
    found = [_ASSIGNORS.get(strategy) if isinstance(strategy, str) else strategy for strategy in listed]
    if not found or not all(map(_is_assignor, found)):
        raise error(path, f"must be one or more of {', '.join(_ASSIGNORS)}, or a class of kafka-python's kind")
    return found


def version(given: Any, path: str) -> tuple[int, ...] | None:
    """Of the broker, None where it is to be asked."""
    if given is None or given == "auto":
        return None
    parts = given.split(".") if isinstance(given, str) else given
    if isinstance(parts, list | tuple) and all(str(part).isdecimal() and str(part).isascii() for part in parts):
        found = tuple(int(part) for part in parts)
        if found >= _OLDEST:
            return found
    raise error(path, "must be auto, or a version from 0.11 on: in quotes, or a list of its numbers")


def _is_assignor(strategy: Any) -> bool:
    return isinstance(strategy, AbstractPartitionAssignor) or (
        isinstance(strategy, type) and issubclass(strategy, AbstractPartitionAssignor)
    )


def _kind_of(default: Any) -> Kind | None:
    for types, kind in ((bool, kinds.flag), (int | float, kinds.number), (str, kinds.text)):
        if isinstance(default, types):
            return kind
    return kinds.code if callable(default) else None


_KINDS: Mapping[str, Kind] = {
    "acks": partial(kinds.one_of, ("all", 0, 1), (-1,)),
    "auto_offset_reset": partial(kinds.one_of, ("earliest", "latest", "none"), ("smallest", "largest")),
    "buffer_memory": kinds.number,
    "client_dns_lookup": partial(kinds.one_of, ("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"), ()),
    "compression_type": kinds.compression,
    "connections_max_idle_ms": lambda value: kinds.number(value) or (None if value else "must be more than 0"),
    "isolation_level": partial(kinds.one_of, ("read_committed", "read_uncommitted"), ()),
    "metric_reporters": kinds.reporters,
    "partitioner": kinds.partitioner,
    "retries": lambda value: None if value == inf else kinds.whole(value),
    "socket_options": kinds.socket_options,
    "ssl_context": partial(kinds.or_null, kinds.context),
    "ssl_password": partial(kinds.or_null, kinds.password),
    "topic_pattern": kinds.text,
    "transactional_id": kinds.text,
    **dict.fromkeys(("proxy_url", "socks5_proxy"), partial(kinds.or_null, kinds.proxy)),
    **dict.fromkeys(("receive_buffer_bytes", "send_buffer_bytes"), partial(kinds.or_null, kinds.whole)),
    **dict.fromkeys(("sasl_plain_password", "sasl_plain_username"), partial(kinds.or_null, kinds.credential)),
    **dict.fromkeys(("ssl_cafile", "ssl_certfile", "ssl_crlfile", "ssl_keyfile"), partial(kinds.or_null, kinds.file)),
    **dict.fromkeys(
        (
            "group_id",
            "group_instance_id",
            "sasl_kerberos_domain_name",
            "sasl_kerberos_name",
            "sasl_mechanism",
            "ssl_ciphers",
        ),
        partial(kinds.or_null, kinds.text),
    ),
    **dict.fromkeys(
        (
            "max_in_flight_requests_per_connection",
            "max_poll_records",
            "metrics_num_samples",
            "receive_message_max_bytes",
            "request_timeout_ms",
            "transaction_timeout_ms",
        ),
        kinds.some,
    ),
    **dict.fromkeys(  # a broker is told of these
        (
            "fetch_max_bytes",
            "fetch_max_wait_ms",
            "fetch_min_bytes",
            "max_partition_fetch_bytes",
            "max_poll_interval_ms",
            "session_timeout_ms",
        ),
        kinds.whole,
    ),
}
