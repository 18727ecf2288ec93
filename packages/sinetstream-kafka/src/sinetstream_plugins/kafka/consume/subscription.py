"""What a reader is subscribed to, and whether the broker has answered."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress

from kafka.errors import RetriableError
from sinetstream.errors import InvalidArgumentError

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.offset_reset import OffsetReset, ask_in_slices
from sinetstream_plugins.kafka.consume.rebalance_listener import RebalanceListener
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer
from sinetstream_plugins.kafka.options.client_options import Options
from sinetstream_plugins.kafka.probe.advertised_listeners import Advertised

__all__ = ["Subscription"]

_REFRESH_MS = 500


class Subscription:
    """Topics, or a pattern. All but `str` is for the consumer's thread."""

    def __init__(self, options: Options, topics: list[str], client: Consumer, stopping: threading.Event) -> None:
        self._topics = topics
        self._pattern = options.topic_pattern
        self._timeout_s = options.client["bootstrap_timeout_ms"] / 1000
        self._has_group = options.client.get("group_id") is not None
        self._client = client
        self._stopping = stopping
        self._matches_topics = True

    def __str__(self) -> str:
        return repr(self._pattern or self._topics)

    def subscribe(self, listener: RebalanceListener, reset: OffsetReset) -> None:
        """Find the topics and ask for their partitions. Raises `InvalidArgumentError` where a topic does not exist."""
        advertised = Advertised(self._client.cluster)
        if self._pattern is not None:
            self._client.subscribe(pattern=self._pattern, listener=listener)
            topics = self._find_matching(self._pattern, advertised)
            self._matches_topics = bool(topics)
        else:
            topics = self._topics
            self._client.subscribe(topics, listener=listener)
            self._wait_for_topics(advertised)
        reset.note_opening(topics)

    def needs_to_join(self) -> bool:
        """Whether the reader is joining its group. Then no time may pass between two polls."""
        return self._has_group and self._client.needs_to_join()

    def is_complete(self, listener: RebalanceListener, assignment: Assignment) -> bool:
        """Whether partitions are assigned, where there are any for this reader, and it is known where they start."""
        if self._has_group:
            is_assigned = listener.has_joined and self._client.is_member()
        else:
            is_assigned = bool(assignment.states()) or not self._matches_topics
        return is_assigned and assignment.is_started()

    def _find_matching(self, pattern: str, advertised: Advertised) -> list[str]:
        try:
            ask_in_slices(self._client.refresh_metadata, self._stopping)
        except RetriableError:
            advertised.refuse_silent()
            raise
        return list(filter(re.compile(pattern).match, self._client.cluster.topics()))

    def _wait_for_topics(self, advertised: Advertised) -> None:
        """Before joining the group: the first messages of a topic that is created by reading it would be missed."""
        cluster = self._client.cluster
        deadline = time.monotonic() + self._timeout_s
        for topic in self._topics:
            while not cluster.partitions_for_topic(topic) and topic not in cluster.unauthorized_topics:
                if self._stopping.is_set() or time.monotonic() > deadline:
                    advertised.refuse_silent()
                    raise InvalidArgumentError(f"topic {topic!r} does not exist on the broker", path="topics")
                with suppress(RetriableError):
                    self._client.refresh_metadata(_REFRESH_MS)
