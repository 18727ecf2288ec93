"""The options that each consistency needs, and those that would break it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi import AT_MOST_ONCE, EXACTLY_ONCE, Consistency
from sinetstream.spi.options import Role

__all__ = ["apply"]

_TRANSACTION_TIMEOUT_MS = 10_000
_RETRY_BACKOFF_MS = 10  # kafka-python waits so long for each step of a transaction
_FOREVER = float("inf")

Rule = tuple[str, Callable[[Any], bool], str]  # an option, what it may be, and why

_ALL = ("acks", lambda acks: acks in ("all", -1), "all in-sync replicas must confirm")
_RETRIED = ("retries", lambda retries: retries > 0, "what failed must be sent again")
_NUMBERED = ("enable_idempotence", bool, "what is sent again must not appear twice")
_COMMITTED = ("isolation_level", lambda level: level == "read_committed", "it shows what its writer took back")
_OURS = ("enable_auto_commit", lambda auto: not auto, "the plugin commits what the application has finished")
_ONCE = ("retries", lambda retries: retries == 0, "what is sent again may appear twice")
_PLAIN = ("enable_idempotence", lambda numbered: not numbered, "it confirms and sends again, as from AT_LEAST_ONCE on")

_RULES: dict[tuple[Role, bool], list[Rule]] = {
    ("writer", True): [_ONCE, _PLAIN],
    ("writer", False): [_ALL, _RETRIED, _NUMBERED],
    ("reader", True): [_OURS],
    ("reader", False): [_OURS, _COMMITTED],
}


def apply(role: Role, consistency: Consistency, client: dict[str, Any], paths: Mapping[str, str]) -> None:
    """Add to `client` what the promise needs. Raises `InvalidArgumentError` for what it already has and breaks it."""
    weak = consistency is AT_MOST_ONCE
    for name, allowed, reason in _RULES[role, weak]:
        if name in client and not allowed(client[name]):
            path = paths[name]
            raise InvalidArgumentError(
                f"{path}: {client[name]!r} breaks consistency {consistency!r}: {reason}", path=path
            )
    if "transactional_id" in client and consistency is not EXACTLY_ONCE:
        path = paths["transactional_id"]
        raise InvalidArgumentError(f"{path}: transactions belong to consistency EXACTLY_ONCE", path=path)
    if role == "reader":
        client["enable_auto_commit"] = False
        client.setdefault("isolation_level", "read_uncommitted" if weak else "read_committed")
    elif weak:
        client.setdefault("acks", 0)
        client.setdefault("retries", 0)
        client.setdefault("enable_idempotence", False)
    else:
        client.update(acks=-1, enable_idempotence=True)
        client.setdefault("retries", _FOREVER)
        if consistency is EXACTLY_ONCE:
            client.setdefault("transaction_timeout_ms", _TRANSACTION_TIMEOUT_MS)
            if "retry_backoff_ms" not in paths:
                client["retry_backoff_ms"] = _RETRY_BACKOFF_MS
            client.setdefault("transactional_id", f"sinetstream-{uuid4()}")
