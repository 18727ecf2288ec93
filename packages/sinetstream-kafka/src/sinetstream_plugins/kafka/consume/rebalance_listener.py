"""What happens when partitions come and go. It runs on kafka-python's IO thread, which must not be blocked."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from kafka import AsyncConsumerRebalanceListener, TopicPartition
from kafka.errors import KafkaError

from sinetstream_plugins.kafka.consume.assignment import PartitionState

__all__ = ["RebalanceListener", "RevocablePartitions"]

log = logging.getLogger("sinetstream")

_IN_FLIGHT_S = 5.0
_COMMIT_S = 3.0
_POLL_S = 0.01  # nothing on this loop can be woken by the application's thread
_RETRY_S = 0.1


class RevocablePartitions(Protocol):
    """What the listener needs of the reader: `GroupMember` says what each method does."""

    @property
    def keeps_received(self) -> bool: ...
    def states_of(self, partitions: Iterable[TopicPartition], /) -> list[PartitionState]: ...
    def stop_handing_out(self, states: Iterable[PartitionState], /) -> None: ...
    def is_in_flight(self, state: PartitionState, record: Any, /) -> bool: ...
    def commit_async(self, states: Iterable[PartitionState], /) -> Any: ...
    def lose(self, states: Iterable[PartitionState], /) -> None: ...


class RebalanceListener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no type information
    """Gives partitions up after the message in flight is acknowledged and committed, or after five seconds."""

    def __init__(
        self,
        held: RevocablePartitions,
        forget_offsets: Callable[[set[TopicPartition]], None],
        sleep: Callable[[float], Any],
        stopping: threading.Event,
    ) -> None:
        """`sleep` is the one of kafka-python's IO loop."""
        self._held = held
        self._forget_offsets = forget_offsets
        self._sleep = sleep
        self._stopping = stopping
        self.has_joined = False

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.has_joined = True

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        states = self._held.states_of(revoked)
        if not self._held.keeps_received:
            self._held.stop_handing_out(states)
            await self._wait_for_in_flight(states)
            await self._commit(states)
        self._held.lose(states)
        self._forget_offsets(revoked)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        self._held.lose(self._held.states_of(lost))

    async def _wait_for_in_flight(self, states: list[PartitionState]) -> None:
        # Only the first message of each partition: asyncio has received more, which nobody works on yet.
        first = [state.in_flight[0] if state.in_flight else None for state in states]
        deadline = time.monotonic() + _IN_FLIGHT_S
        while any(map(self._held.is_in_flight, states, first)):
            if self._stopping.is_set() or time.monotonic() >= deadline:
                return
            await self._sleep(_POLL_S)

    async def _commit(self, states: list[PartitionState]) -> None:
        deadline = time.monotonic() + _COMMIT_S
        while time.monotonic() < deadline:
            future = self._held.commit_async(states)
            if future is None:
                return
            while not future.is_done and time.monotonic() < deadline:
                await self._sleep(_POLL_S)
            if not future.is_done:
                break
            if future.succeeded():
                return
            if not isinstance(future.exception, KafkaError) or not future.exception.retriable:
                break
            await self._sleep(_RETRY_S)
        log.warning("offsets could not be committed before the partitions went: some messages will come again")
