"""What one test needs: a fresh topic, readers and writers of it, and closing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from sinetstream import (
    AT_LEAST_ONCE,
    AT_MOST_ONCE,
    EXACTLY_ONCE,
    AsyncMessageReader,
    AsyncMessageWriter,
    Consistency,
    MessageReader,
    MessageWriter,
    aio,
)
from sinetstream.spi import Ability
from sinetstream.testing.bounded_endpoints import BoundedAsyncReader, BoundedAsyncWriter, BoundedReader, BoundedWriter
from sinetstream.testing.declared import Declared, Role, declared
from sinetstream.testing.harness import Harness
from sinetstream.testing.waiting import each_within, within

__all__ = ["AS_CARRIED", "Trial"]

AS_CARRIED = {"user_data_only": True, "data_encryption": False, "data_compression": False}
"""Parameters with which a writer sends, and a reader gives, the very bytes that the messaging system carries."""


class _End(Protocol):
    bound_s: float

    def close(self) -> object: ...


E = TypeVar("E", bound=_End)


class Trial:
    """Made anew for each test. Whatever it made is closed when the test is over."""

    def __init__(self, harness: Harness, record: Callable[[tuple[str, object]], None]) -> None:
        self.harness = harness
        self.record = record
        self.patience_s = harness.patience_s
        self.topic = harness.fresh_topic()
        self._id = uuid4().hex[:8]
        self._ends: list[_End] = []
        self.after = ExitStack()

    @cached_property
    def declared(self) -> Declared:
        """What the plugin says it can do, at the highest consistency that it declares: TRANSACTION may depend on it."""
        basic = self._declared_at(AT_MOST_ONCE)
        return self._declared_at(EXACTLY_ONCE) if basic.has(Ability.EXACTLY_ONCE) else basic

    @cached_property
    def consistency(self) -> Consistency:
        """AT_LEAST_ONCE where that is declared: only then does the messaging system guarantee that nothing is lost."""
        return AT_LEAST_ONCE if self.declared.has(Ability.AT_LEAST_ONCE) else AT_MOST_ONCE

    @cached_property
    def subscription(self) -> Mapping[str, Any]:
        """A reader's further parameters for the most lasting subscription there is, the same throughout the test."""
        durable = self.harness.durable
        return (durable() if callable(durable) else durable) or {}

    @cached_property
    def keyed(self) -> dict[str, Any]:
        """What to give `publish` so that messages keep their order: one key, where the messaging system has keys."""
        return {"key": self._id} if Ability.KEY in self.declared.writer else {}

    def durable(self, consistency: Consistency | None = None) -> bool:
        """Whether that subscription is declared to outlive its process."""
        return bool(self.reader(**self.subscription, consistency=consistency or self.consistency).info("durable"))

    @cached_property
    def lasting(self) -> bool:
        """Whether that subscription outlives `close`: it is durable, or gets what came while no reader was open."""
        if self.durable():
            return True
        topic = {"topics": self.harness.fresh_topic()}
        between, last = self.values(2, "whether it lasts")
        got: list[bytes] = []
        with self.reader(**self.subscription, **topic):
            pass
        self.send([between], topic=topic["topics"])
        with self.reader(**self.subscription, **topic) as reader:
            self.send([last], topic=topic["topics"])
            for message in reader:
                got.append(message.value)
                if message.value == last:
                    break
        return between in got

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
            params |= {"receive_timeout_ms": milliseconds, "on_invalid": "raise"}
        if "consistency" not in more:
            params["consistency"] = self.consistency
        return params | more

    def reader(self, **more: Any) -> MessageReader[Any]:
        return self._tracked(BoundedReader(**self.params("reader", **more)))

    def async_reader(self, **more: Any) -> AsyncMessageReader[Any]:
        return self._tracked(BoundedAsyncReader(**self.params("reader", **more)))

    def aio_reader(self, **more: Any) -> aio.MessageReader[Any]:
        return aio.MessageReader(**self.params("reader", **more))

    def writer(self, **more: Any) -> MessageWriter[Any]:
        return self._tracked(BoundedWriter(**self.params("writer", **more)))

    def async_writer(self, **more: Any) -> AsyncMessageWriter[Any]:
        return self._tracked(BoundedAsyncWriter(**self.params("writer", **more)))

    def aio_writer(self, **more: Any) -> aio.MessageWriter[Any]:
        return aio.MessageWriter(**self.params("writer", **more))

    def values(self, count: int, label: str = "message") -> list[bytes]:
        """That many different values, which no other test uses."""
        return [f"{self._id} {label} {number}".encode() for number in range(count)]

    def send(self, values: Sequence[Any], **more: Any) -> None:
        """Publish them, in order, through a writer of their own."""
        with self.writer(**more) as writer:
            each_within(2 * self.patience_s, "publish", lambda value: writer.publish(value, **self.keyed), values)

    def send_raw(self, payloads: Sequence[bytes], **more: Any) -> None:
        """Publish these bytes without header and envelope."""
        self.send(payloads, **AS_CARRIED, **more)

    def close(self) -> None:
        """Close all readers and writers of this test."""
        with self.after:
            for end in reversed(self._ends):
                within(2 * self.patience_s + 1, f"{type(end).__name__}.close", end.close)

    def _declared_at(self, consistency: Consistency) -> Declared:
        return declared(self.params("reader", consistency=consistency), self.params("writer", consistency=consistency))

    def _tracked(self, end: E) -> E:
        end.bound_s = 2 * self.patience_s + 1
        self._ends.append(end)
        return end
