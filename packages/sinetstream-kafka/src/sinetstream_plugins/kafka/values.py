"""What each option may be, as far as it is known without a broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from kafka import KafkaProducer
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka.names import Role, defaults

__all__ = ["assignors", "check", "error"]

_LIBRARIES = {"snappy": "python-snappy", "lz4": "lz4", "zstd": "zstandard"}
_ASSIGNORS: Mapping[str, Any] = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
    "cooperative-sticky": CooperativeStickyAssignor,
}

_PROXIES = ("socks5", "socks5h", "http")  # kafka-python's

Kind = Callable[[Any], str | None]  # what is wrong with a value


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


def _is_assignor(strategy: Any) -> bool:
    return isinstance(strategy, AbstractPartitionAssignor) or (
        isinstance(strategy, type) and issubclass(strategy, AbstractPartitionAssignor)
    )


def _kind_of(default: Any) -> Kind | None:
    for types, kind in ((bool, _flag), (int | float, _number), (str, _text)):
        if isinstance(default, types):
            return kind
    return _code if callable(default) else None


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {type(value).__name__}"


def _number(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, not {type(value).__name__}"
    return None if value >= 0 else "must be a number of at least 0"


def _whole(value: Any) -> str | None:
    return _number(value) or (None if isinstance(value, int) else "must be a whole number")


def _text(value: Any) -> str | None:
    if isinstance(value, int | float):
        return "must be text; quote it"
    if not isinstance(value, str | bytes):
        return f"must be text, not {type(value).__name__}"
    return None if value else "must not be empty"


def _text_or_null(value: Any) -> str | None:
    return None if value is None else _text(value)


def _proxy(value: Any) -> str | None:
    wrong = _text_or_null(value)
    if wrong or value is None:
        return wrong
    try:
        url = urlsplit(str(value))
        complete = url.scheme in _PROXIES and url.hostname and url.port
    except ValueError:
        complete = False
    return None if complete else f"must be {' or '.join(_PROXIES)}, then ://host:port or ://user:password@host:port"


def _partitioner(value: Any) -> str | None:
    known = callable(getattr(value, "partition", None)) and not isinstance(value, str | bytes)
    return None if known else "must be an object with partition(...)"


def _code(value: Any) -> str | None:
    return None if callable(value) else f"must be a class or a function, not {type(value).__name__}"


def _one_of(words: tuple[Any, ...], older: tuple[Any, ...], value: Any) -> str | None:
    known = not isinstance(value, bool) and value in words + older
    return None if known else f"must be one of {', '.join(map(str, words))}"


def _compression(value: Any) -> str | None:
    codecs: Mapping[Any, tuple[Callable[[], bool], int]] = KafkaProducer._COMPRESSORS
    if not isinstance(value, str | None) or value not in codecs:
        return f"must be one of {', '.join(filter(None, codecs))}"
    installed, _ = codecs[value]
    return (
        None if installed() else f"{value} needs a library that is not installed: {_LIBRARIES.get(str(value), value)}"
    )


_KINDS: Mapping[str, Kind] = {
    "acks": partial(_one_of, ("all", 0, 1), (-1,)),
    "auto_offset_reset": partial(_one_of, ("earliest", "latest", "none"), ("smallest", "largest")),
    "buffer_memory": _number,
    "client_dns_lookup": partial(_one_of, ("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"), ()),
    "compression_type": _compression,
    "max_poll_records": lambda value: _whole(value) or (None if value else "must be at least 1"),
    "isolation_level": partial(_one_of, ("read_committed", "read_uncommitted"), ()),
    "partitioner": _partitioner,
    "proxy_url": _proxy,
    "socks5_proxy": _proxy,
    "transactional_id": _text,
    **dict.fromkeys(("group_id", "group_instance_id", "sasl_plain_password", "sasl_plain_username"), _text_or_null),
    **dict.fromkeys(  # a broker is told of these
        (
            "fetch_max_bytes",
            "fetch_max_wait_ms",
            "fetch_min_bytes",
            "max_partition_fetch_bytes",
            "max_poll_interval_ms",
            "request_timeout_ms",
            "session_timeout_ms",
            "transaction_timeout_ms",
        ),
        _whole,
    ),
}
