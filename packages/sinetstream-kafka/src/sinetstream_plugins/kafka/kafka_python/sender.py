"""How records are given to a producer: the short way where this kafka-python has it, else its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sinetstream_plugins.kafka.kafka_python import speed
from sinetstream_plugins.kafka.kafka_python.producer import Producer, Record

__all__ = ["Record", "Sender", "new_sender"]


class Sender(Protocol):
    """Sends to one topic. From any thread."""

    def send(self, record: Record) -> Any:
        """kafka-python's future. Raises what its `send` raises."""

    def follow(self, future: Any, on_success: Callable[[Any], None], on_failure: Callable[[Exception], None], /) -> Any:
        """Call one of these two with the future's outcome."""


def new_sender(producer: Producer, topic: str) -> Sender:
    if speed.is_available("fast_send"):
        from sinetstream_plugins.kafka.kafka_python.fast_send import FastSender, is_for

        if is_for(producer):
            return FastSender(producer, topic)
    return _LibrarySender(producer, topic)


class _LibrarySender:
    def __init__(self, producer: Producer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def send(self, record: Record) -> Any:
        return self._producer.send(self._topic, *record)

    def follow(self, future: Any, on_success: Callable[[Any], None], on_failure: Callable[[Exception], None], /) -> Any:
        future.add_callback(on_success)
        return future.add_errback(on_failure)
