"""What happens when partitions come and go. It runs on kafka-python's IO thread, which must not be blocked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError

from sinetstream_plugins.kafka.consume.assignment import PartitionState

if TYPE_CHECKING:
    from sinetstream_plugins.kafka.consume.consumer_thread import ConsumerThread

__all__ = ["RebalanceListener"]

log = logging.getLogger("sinetstream")

_IN_HAND_S = 5.0
_COMMIT_S = 3.0
_LOOK_S = 0.01

Sleep = Callable[[float], Any]


class RebalanceListener(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no type information
    """Gives partitions up only when what the application has in hand is finished and committed, if it is in time."""

    def __init__(self, consumer: ConsumerThread, sleep: Sleep) -> None:
        self._consumer = consumer
        self._sleep = sleep
        self.joined = False

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.joined = True

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        consumer = self._consumer
        states = [state for state in consumer.assignment.held() if state.partition in revoked]
        if not consumer.keeps_received:
            await self._finish(states)
        consumer.lost(states)
        consumer.offsets.forget(revoked)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        consumer = self._consumer
        consumer.lost([state for state in consumer.assignment.held() if state.partition in lost])

    async def _finish(self, states: list[PartitionState]) -> None:
        consumer = self._consumer
        for state in states:
            state.revoked = True
        consumer.buffer.drop(states)
        in_hand = [
            state.in_flight[0] if state.in_flight else None for state in states
        ]  # asyncio has more, which nobody works on
        deadline = time.monotonic() + _IN_HAND_S
        while not consumer.closing and time.monotonic() < deadline and any(map(consumer.in_flight, states, in_hand)):
            await self._sleep(_LOOK_S)  # nothing on this loop can be woken by the application's thread
        if consumer.committer is not None and not consumer.transactional:
            await self._commit(states)

    async def _commit(self, states: list[PartitionState]) -> None:
        deadline = time.monotonic() + _COMMIT_S
        while time.monotonic() < deadline:
            future = self._consumer.committer.send(states) if self._consumer.committer else None
            if future is None:
                return
            while not future.is_done and time.monotonic() < deadline:
                await self._sleep(_LOOK_S)
            if not future.is_done:
                break
            if future.succeeded():
                return
            if not isinstance(future.exception, KafkaError) or not future.exception.retriable:
                break
            await self._sleep(_LOOK_S * 10)
        log.warning("positions could not be committed before the partitions went: some messages will come again")
