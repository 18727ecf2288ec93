"""What a reader is subscribed to, and whether it is yet."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress

from kafka import KafkaConsumer
from kafka.errors import RetriableError
from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.offsets import Offsets
from sinetstream_plugins.kafka.consume.rebalance_listener import RebalanceListener
from sinetstream_plugins.kafka.options.client_options import Options
from sinetstream_plugins.kafka.probe.advertised_listeners import Advertised

__all__ = ["Subscription"]

_LOOK_MS = 500


class Subscription:
    """Topics, or a pattern. All but `str` is for the thread that owns the consumer."""

    def __init__(self, options: Options, topics: list[str], client: KafkaConsumer, stopping: threading.Event) -> None:
        self._options = options
        self._topics = topics
        self._client = client
        self._stopping = stopping
        self._group: str | None = options.client.get("group_id")
        self._matching = True

    def __str__(self) -> str:
        return repr(self._options.topic_pattern or self._topics)

    def begin(self, listener: RebalanceListener, offsets: Offsets) -> None:
        """Find the topics, and ask for them. Raises `InvalidArgumentError` where one does not exist."""
        cluster = self._client._cluster
        advertised = Advertised(cluster)
        if self._options.topic_pattern is not None:
            self._client.subscribe(pattern=self._options.topic_pattern, listener=listener)
            try:
                offsets.ask_in_slices(self._refresh)
            except RetriableError:
                advertised.refuse_silent()
                raise
            matching = list(filter(re.compile(self._options.topic_pattern).match, cluster.topics()))
            self._matching = bool(matching)
            offsets.opening(matching)
            return
        self._client.subscribe(self._topics, listener=listener)
        deadline = time.monotonic() + self._options.client["bootstrap_timeout_ms"] / 1000
        for topic in self._topics:  # known before joining: with a topic made later, the first messages would be missed
            while not cluster.partitions_for_topic(topic) and topic not in cluster.unauthorized_topics:
                if self._stopping.is_set() or time.monotonic() > deadline:
                    advertised.refuse_silent()
                    raise InvalidArgumentError(f"topic {topic!r} does not exist on the broker", path="topics")
                with suppress(RetriableError):
                    self._refresh(_LOOK_MS)
        offsets.opening(self._topics)

    def joining(self) -> bool:
        """Whether it is to join its group. Then no time may pass between two polls: kafka-python looks for the answer in
        `poll` only, and asks anew where it came in between, which makes all others join again too.
        """
        if self._group is None:
            return False
        coordinator = self._client._coordinator
        if coordinator.rejoining and not coordinator.need_rejoin():
            coordinator.request_rejoin()  # it has asked, because there are new topics, and would not look for the answer
        return bool(coordinator.need_rejoin())

    def complete(self, listener: RebalanceListener, assignment: Assignment) -> bool:
        """Whether partitions are assigned, if there are any for it, and their positions known."""
        if self._group:
            joined = listener.joined and not self._client._coordinator.rejoining
        else:
            joined = bool(assignment.held()) or not self._matching
        return joined and assignment.started()

    def _refresh(self, timeout_ms: int) -> None:
        update = self._client._cluster.request_update()
        self._client._net.run(self._client._manager.wait_for, update, timeout_ms)
