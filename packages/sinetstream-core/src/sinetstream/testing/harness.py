"""The harness: how the kit reaches a plugin's broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

__all__ = ["Harness", "fresh_topic"]


def fresh_topic() -> str:
    """A new topic name."""
    return f"sinetstream-testing-{uuid4().hex[:16]}"


@dataclass(frozen=True, kw_only=True)
class Harness:
    """How the kit reaches a broker through the plugin. Every field but `params` has a default.

    All parameters are keywords of the API's constructors. `reader` and `writer` are further ones for one side alone.
    `durable` are a reader's further parameters for a subscription that outlives its process, or a function that makes
    them anew for each test; they and `params` must be picklable for the reader that is killed. `unreachable` are
    further parameters with which nobody is reached, `forbidden` with which the broker refuses whoever connects, and
    `read_only` a writer's with which it refuses what is published.

    `interrupt` cuts the connection to the broker, or ends the broker, `restore` makes it reachable again; both return
    when that is done. `silence` makes the broker hang, until `restore`: connections stay and nothing is answered. `at` gives
    further parameters with which the plugin connects to a TCP address (`host:port`) in the broker's place; without it they
    are `brokers`, where `params` have that. `patience_s` is how long a test waits before it says that something does not come: only a failing
    test takes that long. `window` is the number of unfinished messages that the plugin may hand out at most.

    `not_observable` maps names of tests to the reason why this messaging system cannot show their outcome.
    """

    params: Mapping[str, Any]
    reader: Mapping[str, Any] = field(default_factory=dict)
    writer: Mapping[str, Any] = field(default_factory=dict)
    durable: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None
    unreachable: Mapping[str, Any] | None = None
    forbidden: Mapping[str, Any] | None = None
    read_only: Mapping[str, Any] | None = None
    interrupt: Callable[[], object] | None = None
    silence: Callable[[], object] | None = None
    restore: Callable[[], object] | None = None
    at: Callable[[str], Mapping[str, Any]] | None = None
    fresh_topic: Callable[[], str] = fresh_topic
    patience_s: float = 10.0
    window: int = 1000
    max_message_bytes: int = 1_000_000
    not_observable: Mapping[str, str] = field(default_factory=dict)

    def params_at(self, address: str) -> Mapping[str, Any] | None:
        """Further parameters with which the plugin connects to this address; None where the kit cannot know them."""
        if self.at is not None:
            return self.at(address)
        return {"brokers": address} if "brokers" in self.params else None
