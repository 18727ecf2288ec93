"""One test's use of the plugin: a fresh topic, readers and writers of it, and what there is to close."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from sinetstream import (
    AT_LEAST_ONCE,
    AT_MOST_ONCE,
    AsyncMessageReader,
    AsyncMessageWriter,
    Consistency,
    MessageReader,
    MessageWriter,
    aio,
)
from sinetstream.spi import Ability
from sinetstream.testing.declared import Declared, Role, declared
from sinetstream.testing.harness import Harness
from sinetstream.testing.waiting import within

__all__ = ["AS_CARRIED", "Trial"]

AS_CARRIED = {"user_data_only": True, "data_encryption": False, "data_compression": False}
"""Parameters with which a writer sends, and a reader gives, the very bytes that the messaging system carries."""


class _Closes(Protocol):
    def close(self) -> object: ...


E = TypeVar("E", bound=_Closes)


class Trial:
    """Made anew for each test. Whatever it made is closed when the test is over."""

    def __init__(self, harness: Harness, record: Callable[[tuple[str, object]], None]) -> None:
        self.harness = harness
        self.record = record
        self.patience_s = harness.patience_s
        self.topic = harness.fresh_topic()
        self._id = uuid4().hex[:8]
        self._ends: list[_Closes] = []
        self.after = ExitStack()

    @cached_property
    def declared(self) -> Declared:
        """What the plugin says it can do."""
        return declared(
            self.params("reader", consistency=AT_MOST_ONCE), self.params("writer", consistency=AT_MOST_ONCE)
        )

    @cached_property
    def consistency(self) -> Consistency:
        """At least once where that is declared: only then does the messaging system promise to lose nothing."""
        return AT_LEAST_ONCE if self.declared.has(Ability.AT_LEAST_ONCE) else AT_MOST_ONCE

    @cached_property
    def subscription(self) -> Mapping[str, Any]:
        """A reader's further parameters for the most lasting subscription there is, the same throughout the test."""
        durable = self.harness.durable
        return (durable() if callable(durable) else durable) or {}

    def durable(self) -> bool:
        """Whether that subscription is declared to outlive its process."""
        return bool(self.reader(**self.subscription).info("durable"))

    def params(self, role: Role, **more: Any) -> dict[str, Any]:
        """The keywords for a constructor."""
        milliseconds = self.patience_s * 1000
        harness = self.harness
        params: dict[str, Any] = {
            "publish_timeout_ms": milliseconds,
            "close_timeout_ms": milliseconds,
            **harness.params,
            **(harness.reader if role == "reader" else harness.writer),
            "value_type": "byte_array",
            "user_data_only": False,
        }
        if not {"service", "config_file"} & params.keys():
            params["no_config"] = True
        params.setdefault("topics" if role == "reader" else "topic", self.topic)
        if role == "reader":
            params["receive_timeout_ms"] = milliseconds
        if "consistency" not in more:
            params["consistency"] = self.consistency
        return params | more

    def reader(self, **more: Any) -> MessageReader[Any]:
        return self._tracked(MessageReader(**self.params("reader", **more)))

    def async_reader(self, **more: Any) -> AsyncMessageReader[Any]:
        return self._tracked(AsyncMessageReader(**self.params("reader", **more)))

    def aio_reader(self, **more: Any) -> aio.MessageReader[Any]:
        return aio.MessageReader(**self.params("reader", **more))

    def writer(self, **more: Any) -> MessageWriter[Any]:
        return self._tracked(MessageWriter(**self.params("writer", **more)))

    def async_writer(self, **more: Any) -> AsyncMessageWriter[Any]:
        return self._tracked(AsyncMessageWriter(**self.params("writer", **more)))

    def aio_writer(self, **more: Any) -> aio.MessageWriter[Any]:
        return aio.MessageWriter(**self.params("writer", **more))

    def values(self, count: int, label: str = "message") -> list[bytes]:
        """So many different values, unlike those of any other test."""
        return [f"{self._id} {label} {number}".encode() for number in range(count)]

    def send(self, values: Sequence[Any], **more: Any) -> None:
        """Publish them, in order, through a writer of their own."""
        with self.writer(**more) as writer:
            for value in values:
                writer.publish(value)

    def send_raw(self, payloads: Sequence[bytes], **more: Any) -> None:
        """Let the messaging system carry these very bytes."""
        self.send(payloads, **AS_CARRIED, **more)

    def close(self) -> None:
        """Close whatever is open."""
        with self.after:
            for end in reversed(self._ends):
                within(2 * self.patience_s + 1, f"{type(end).__name__}.close", end.close)

    def _tracked(self, end: E) -> E:
        self._ends.append(end)
        return end
