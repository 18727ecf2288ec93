"""From a service of a user's configuration to a harness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinetstream import InvalidArgumentError, MessageReader
from sinetstream.testing.areas.secrets import secrets_in
from sinetstream.testing.harness import Harness, fresh_topic

__all__ = ["harness_of", "secrets_of"]

_QUIET_MS = 1000
_GENERATED = {"client_id": ""}
_ONE_TOPIC = "the kit was told to use one topic"
_NEED_TOPICS = (
    "test_many_topics_are_read_together",
    "test_topics_are_kept_apart",
    "test_many_writers_and_readers_at_once",
    "test_both_formats_arrive",
)


def harness_of(service: str, config_file: str | None, topic: str | None, patience_s: float) -> Harness:
    """Each test has a topic of its own, whose name begins with the service's; with `topic`, all use that one.

    A `client_id` of the user's is used for durable subscriptions alone, since it may belong to one connection at a time.
    Raises what the constructors raise.
    """
    params: dict[str, Any] = {"service": service, "config_file": config_file}
    reader = _reader(params)
    durable = {"client_id": reader.client_id} if reader.params.get("client_id") else None
    own = reader.topics if isinstance(reader.topics, str) else ""
    return Harness(
        params=params,
        reader=_GENERATED,
        writer=_GENERATED,
        durable=durable,
        fresh_topic=_drained(params, topic) if topic else _begins_with(own),
        patience_s=patience_s,
        undetectable=dict.fromkeys(_NEED_TOPICS, _ONE_TOPIC) if topic else {},
    )


def secrets_of(service: str, config_file: str | None) -> list[str]:
    """What must not be in a report."""
    return list(secrets_in(_reader({"service": service, "config_file": config_file}).params))


def _reader(params: dict[str, Any]) -> MessageReader[Any]:
    try:
        return MessageReader(**params)
    except InvalidArgumentError:  # it may be that a topic is wanted, and none configured
        return MessageReader(**params, topics=fresh_topic())


def _begins_with(own: str) -> Callable[[], str]:
    return lambda: "-".join(filter(None, (own, fresh_topic())))


def _drained(params: dict[str, Any], topic: str) -> Callable[[], str]:
    """Reads what an earlier test has left, so that the next one does not get it."""
    more: dict[str, Any] = {"topics": topic, "receive_timeout_ms": _QUIET_MS, "on_invalid": "skip", **_GENERATED}

    def drained() -> str:
        reader: MessageReader[Any] = MessageReader(**params, **more)
        with reader:
            for _ in reader:
                pass
        return topic

    return drained
