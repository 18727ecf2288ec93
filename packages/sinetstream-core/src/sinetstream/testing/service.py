"""From a service of a user's configuration to a harness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sinetstream import ConnectionError, InvalidArgumentError, MessageReader, MessageWriter
from sinetstream.endpoint import session_of
from sinetstream.spi import Ability
from sinetstream.testing.checks.secrets import secrets_in
from sinetstream.testing.harness import Harness, fresh_topic
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Service"]

_QUIET_MS = 1000
_GENERATED = {"client_id": ""}
_ONE_TOPIC = "the kit was told to use one topic"
_NEED_TOPICS = (
    "test_many_topics_are_read_together",
    "test_topics_are_kept_apart",
    "test_many_writers_and_readers_at_once",
    "test_both_formats_arrive",
)
_PARTITIONS = {
    "test_order_is_kept_by_publish_many": "it publishes without a key, and topics may have partitions where there are keys"
}

_SHARED = {
    "test_many_writers_and_readers_at_once": "the service names one lasting subscription, which these readers would share"
}


class Service:
    """A service, or one that reads and one that writes. Constructing it raises what the constructors raise."""

    def __init__(self, reads: str, writes: str | None = None, config_file: str | None = None) -> None:
        self._config: dict[str, Any] = {"config_file": config_file}
        self._reads: dict[str, Any] = {"service": reads}
        self._writes: dict[str, Any] = {"service": writes or reads}
        self._reader = _topical(MessageReader, "topics", **self._config, **self._reads)
        self._writer = _topical(MessageWriter, "topic", **self._config, **self._writes)

    def harness(self, topic: str | None, patience_s: float) -> Harness:
        """Each test has a topic of its own, whose name begins with the service's; with `topic`, all use that one.

        A `client_id` of the user's is used for durable subscriptions alone, since it may belong to one connection at a
        time. Raises what opening raises where the broker cannot be reached.
        """
        own_id = self._reader.params.get("client_id")
        not_observable = dict.fromkeys(_NEED_TOPICS, _ONE_TOPIC) if topic else {}
        if Ability.KEY in session_of(self._writer).abilities:
            not_observable |= _PARTITIONS
        if not own_id and self._reader.info("durable"):
            not_observable |= _SHARED
        harness = Harness(
            params=self._config,
            reader=self._reads | _GENERATED,
            writer=self._writes | _GENERATED,
            durable={"client_id": self._reader.client_id} if own_id else None,
            fresh_topic=self._drained(topic) if topic else _begins_with(self._prefix()),
            patience_s=patience_s,
            not_observable=not_observable,
        )
        _check_reachable(harness)
        return harness

    @property
    def secrets(self) -> list[str]:
        """Values that the report must not show."""
        return [text for end in (self._reader, self._writer) for text in secrets_in(end.params, shortest=1)]

    def _prefix(self) -> str:
        """The topic of the service, where it can be written to: a pattern cannot."""
        own = self._reader.topics if isinstance(self._reader.topics, str) else ""
        try:
            MessageWriter(**self._config, **self._writes, topic=_begins_with(own)())
        except InvalidArgumentError:
            return ""
        return own

    def _drained(self, topic: str) -> Callable[[], str]:
        """Read what an earlier test left in the topic, so that the next test does not get it."""
        more: dict[str, Any] = {"topics": topic, "receive_timeout_ms": _QUIET_MS, "on_invalid": "skip", **_GENERATED}

        def drained() -> str:
            reader: MessageReader[Any] = MessageReader(**self._config, **self._reads, **more)
            with reader:
                for _ in reader:
                    pass
            return topic

        return drained


def _topical(api: Callable[..., Any], name: str, **params: Any) -> Any:
    """As configured, or with a topic where that is all that it lacks."""
    try:
        return api(**params)
    except InvalidArgumentError:
        return api(**params, **{name: fresh_topic()})


def _begins_with(own: str) -> Callable[[], str]:
    return lambda: "-".join(filter(None, (own, fresh_topic())))


def _check_reachable(harness: Harness) -> None:
    """Raise what opening raises, so that an unreachable broker is not reported as a broken guarantee."""
    trial = Trial(harness, lambda _: None)
    try:
        for end in (trial.reader(), trial.writer()):
            with end:
                pass
    except Broken as blocked:
        raise ConnectionError(str(blocked)) from blocked
    finally:
        trial.close()
