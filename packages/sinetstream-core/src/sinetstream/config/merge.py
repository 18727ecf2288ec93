"""Configurations laid over one another, without touching or sharing what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.errors import InvalidArgumentError
from sinetstream.wording import joined

__all__ = ["copied", "merged", "overlaid"]

_DEEPEST = 100
_SECRETS = ("password", "key", "keys", "_keys")
_NONE_IS_ABSENT = frozenset(
    [
        "type",
        "brokers",
        "topic",
        "topics",
        "client_id",
        "value_type",
        "value_serializer",
        "value_deserializer",
        "crypto",
        "compression",
        "tls",
        "type_spec",
    ]
)


def copied(value: Any, path: str = "") -> Any:
    """The same value with mappings, lists and tuples of its own.

    Everything else (callables, streams, token providers) is the same object. More than a hundred levels, as of a
    mapping that contains itself, are an `InvalidArgumentError`.
    """
    return _copied(value, path, 0)


def merged(below: Mapping[str, Any], above: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """A new dict: mappings are merged key by key, all else in `above` replaces what is below."""
    result: dict[str, Any] = copied(below, path)
    _lay(copied(above, path), result)
    return result


def overlaid(file: Mapping[str, Any], keywords: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """The parameters of a file's service with the constructor's keywords over them.

    What belongs together is replaced together: `topic` and `topics`, the name and arguments of a value type, and the
    kinds of secret in `crypto`. A keyword that is None was not given, except where null means something (`receive_timeout_ms`) or is wrong.
    """
    above = {k: v for k, v in keywords.items() if v is not None or k not in _NONE_IS_ABSENT}
    below = dict(file)
    if "topic" in above or "topics" in above:
        below.pop("topic", None)
        below.pop("topics", None)
    value_type = above.get("value_type")
    if isinstance(value_type, Mapping) and "name" in value_type:
        below.pop("value_type", None)
    low, high = below.get("crypto"), above.get("crypto")
    if isinstance(low, Mapping) and isinstance(high, Mapping):
        named = [name for name in _SECRETS if high.get(name) is not None]
        kept = [name for name in named if name in ("keys", "_keys")]
        if named:
            below["crypto"] = {k: v for k, v in low.items() if k not in _SECRETS or k in kept}
    return merged(below, above, path)


def _copied(value: Any, path: str, depth: int) -> Any:
    if not isinstance(value, (Mapping, list, tuple)):
        return value
    if depth > _DEEPEST:
        place = ".".join(path.split(".")[:4])
        raise InvalidArgumentError(f"{place or 'parameters'}: nested more than {_DEEPEST} levels deep", path=place)
    if isinstance(value, Mapping):
        return {k: _copied(v, joined(path, k), depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_copied(v, path, depth + 1) for v in value]
    return tuple(_copied(v, path, depth + 1) for v in value) if type(value) is tuple else value


def _lay(above: dict[str, Any], onto: dict[str, Any]) -> None:
    for key, value in above.items():
        low = onto.get(key)
        if isinstance(low, dict) and isinstance(value, dict):
            _lay(value, low)
        else:
            onto[key] = value
