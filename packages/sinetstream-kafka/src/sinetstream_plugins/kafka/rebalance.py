"""What happens when partitions come and go. It runs on kafka-python's IO thread, which must not be blocked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.errors import KafkaError

from sinetstream_plugins.kafka.leases import Lease

if TYPE_CHECKING:
    from sinetstream_plugins.kafka.consumer import Consumer

__all__ = ["Rebalance"]

log = logging.getLogger("sinetstream")

_IN_HAND_S = 5.0
_COMMIT_S = 3.0
_LOOK_S = 0.01

Sleep = Callable[[float], Any]


class Rebalance(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no type information
    """Gives partitions up only when what the application has in hand is finished and committed, if it is in time."""

    def __init__(self, consumer: Consumer, sleep: Sleep) -> None:
        self._consumer = consumer
        self._sleep = sleep
        self.joined = False

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.joined = True

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        consumer = self._consumer
        leases = [lease for lease in consumer.leases.held() if lease.partition in revoked]
        if not consumer.keeps_received:
            await self._finish(leases)
        consumer.lost(leases)
        consumer.positions.forget(revoked)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        consumer = self._consumer
        consumer.lost([lease for lease in consumer.leases.held() if lease.partition in lost])

    async def _finish(self, leases: list[Lease]) -> None:
        consumer = self._consumer
        for lease in leases:
            lease.over = True
        consumer.buffer.drop(leases)
        in_hand = [lease.out[0] if lease.out else None for lease in leases]  # asyncio has more, which nobody works on
        deadline = time.monotonic() + _IN_HAND_S
        while not consumer.closing and time.monotonic() < deadline and any(map(consumer.in_hand, leases, in_hand)):
            await self._sleep(_LOOK_S)  # nothing on this loop can be woken by the application's thread
        if consumer.commits is not None and not consumer.transactional:
            await self._commit(leases)

    async def _commit(self, leases: list[Lease]) -> None:
        deadline = time.monotonic() + _COMMIT_S
        while time.monotonic() < deadline:
            future = self._consumer.commits.send(leases) if self._consumer.commits else None
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
