"""What each option may be, as far as it is known without a broker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf
from typing import Any

from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka.kafka_python.option_values import ASSIGNORS, AbstractPartitionAssignor
from sinetstream_plugins.kafka.options import validators
from sinetstream_plugins.kafka.options.names import Role, defaults
from sinetstream_plugins.kafka.options.validators import Kind

__all__ = ["assignors", "check", "error", "version"]

_OLDEST = (0, 11)


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
    found = [ASSIGNORS.get(strategy) if isinstance(strategy, str) else strategy for strategy in listed]
    if not found or not all(map(_is_assignor, found)):
        raise error(path, f"must be one or more of {', '.join(ASSIGNORS)}, or a class of kafka-python's kind")
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
    for types, kind in ((bool, validators.flag), (int | float, validators.number), (str, validators.text)):
        if isinstance(default, types):
            return kind
    return validators.code if callable(default) else None


_KINDS: Mapping[str, Kind] = {
    "acks": partial(validators.one_of, ("all", 0, 1), (-1,)),
    "auto_offset_reset": partial(validators.one_of, ("earliest", "latest", "none"), ("smallest", "largest")),
    "buffer_memory": validators.number,
    "client_dns_lookup": partial(
        validators.one_of, ("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"), ()
    ),
    "compression_type": validators.compression,
    "connections_max_idle_ms": lambda value: validators.number(value) or (None if value else "must be more than 0"),
    "isolation_level": partial(validators.one_of, ("read_committed", "read_uncommitted"), ()),
    "metric_reporters": validators.reporters,
    "partitioner": validators.partitioner,
    "record_time": partial(validators.one_of, ("publish", "message"), ()),
    "retries": lambda value: None if value == inf else validators.whole(value),
    "socket_options": validators.socket_options,
    "ssl_context": partial(validators.or_null, validators.context),
    "ssl_password": partial(validators.or_null, validators.password),
    "topic_pattern": validators.text,
    "transactional_id": validators.text,
    **dict.fromkeys(("proxy_url", "socks5_proxy"), partial(validators.or_null, validators.proxy)),
    **dict.fromkeys(("receive_buffer_bytes", "send_buffer_bytes"), partial(validators.or_null, validators.whole)),
    **dict.fromkeys(("sasl_plain_password", "sasl_plain_username"), partial(validators.or_null, validators.credential)),
    **dict.fromkeys(
        ("ssl_cafile", "ssl_certfile", "ssl_crlfile", "ssl_keyfile"), partial(validators.or_null, validators.file)
    ),
    **dict.fromkeys(
        (
            "group_id",
            "group_instance_id",
            "sasl_kerberos_domain_name",
            "sasl_kerberos_name",
            "sasl_mechanism",
            "ssl_ciphers",
        ),
        partial(validators.or_null, validators.text),
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
        validators.some,
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
        validators.whole,
    ),
}
