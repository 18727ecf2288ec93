"""Reading from Kafka."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kafka import TopicPartition
from sinetstream.errors import ConnectionError, InvalidArgumentError
from sinetstream.spi import AT_MOST_ONCE, Ability, PluginMessageReader

from sinetstream_plugins.kafka.consume.assignment import PartitionState
from sinetstream_plugins.kafka.consume.consumer_thread import ConsumerThread
from sinetstream_plugins.kafka.consume.fetch_buffer import Batch
from sinetstream_plugins.kafka.errors import READING
from sinetstream_plugins.kafka.fork import forked_error, watch
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer, Offsets
from sinetstream_plugins.kafka.options.client_options import parse
from sinetstream_plugins.kafka.options.names import OPTIONS
from sinetstream_plugins.kafka.probe.bootstrap import reach

__all__ = ["KafkaReader"]

log = logging.getLogger("sinetstream")

Take = Callable[[float | None], Batch | None]

_ABILITIES = frozenset(
    (
        Ability.AT_LEAST_ONCE,
        Ability.EXACTLY_ONCE,
        Ability.ACKNOWLEDGE,
        Ability.KEY,
        Ability.HEADERS,
        Ability.SEEK,
        Ability.SEEK_TIME,
        Ability.TIMESTAMP,
    )
)


class KafkaReader(PluginMessageReader):
    """Readers with one `group_id` share the partitions of a topic; without one each reads everything."""

    abilities = _ABILITIES
    parameters = frozenset(OPTIONS.options)
    options = OPTIONS
    common_parameters = frozenset({"tls"})
    errors = READING

    def __init__(self, params: dict[str, Any]) -> None:
        self._options = parse(params, "reader")
        self._topics: list[str] = params.get("topics") or []
        if bool(self._topics) == (self._options.topic_pattern is not None):
            raise InvalidArgumentError("topics: give topics, or type_spec.topic_pattern, and not both", path="topics")
        if self._options.client.get("group_id"):
            self.abilities = _ABILITIES | {Ability.DURABLE}
        timeout_ms = params["receive_timeout_ms"]
        self._timeout = None if timeout_ms == float("inf") else timeout_ms / 1000
        self._consumer: ConsumerThread | None = None
        self._records: Iterator[Any] = iter(())
        self._state = PartitionState(TopicPartition("", 0))

    def open(self) -> None:
        if self._options.consistency is not AT_MOST_ONCE and Ability.DURABLE not in self.abilities:
            words = (
                "%r: without `type_spec.group_id` the promise ends with this process; what is published later is missed"
            )
            log.warning(words, self._options.consistency)
        reach(self._options.brokers, self._options.client)
        self._consumer = ConsumerThread(self._options, self._topics)
        self._take: Take = self._consumer.take
        watch(self)
        self._consumer.open()

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        while True:
            state = self._state
            hand_out = state.in_flight.append
            for record in self._records:
                if state.revoked:
                    break
                hand_out(record)
                yield record.value or b"", record.topic, record
            batch = self._take(self._timeout)
            if batch is None:
                return
            self._state, records = batch
            self._records = iter(records)

    def acknowledge(self, raw: Any) -> None:
        if self._consumer is not None:
            self._consumer.acknowledge(raw)

    def attributes(self, raw: Any) -> tuple[bytes | None, Mapping[str, bytes]]:
        """The key, None where there is none, and the headers: the last of those with one name."""
        return raw.key, {name: value or b"" for name, value in raw.headers}

    def timestamp_us(self, raw: Any) -> int:
        """The record's own time, in microseconds."""
        timestamp_us: int = raw.timestamp * 1000
        return timestamp_us

    def seek_to_beginning(self) -> None:
        self.consumer().seek(lambda client, partitions, ms: client.beginning_offsets(partitions, timeout_ms=ms))

    def seek_to_end(self) -> None:
        self.consumer().seek(lambda client, partitions, ms: client.end_offsets(partitions, timeout_ms=ms))

    def seek_to_time(self, timestamp_us: int) -> None:
        if timestamp_us < 0:
            raise InvalidArgumentError("seek_to_time: Kafka has no times before 1970")

        def find_offsets(client: Consumer, partitions: set[TopicPartition], ms: int) -> Offsets:
            times = dict.fromkeys(partitions, timestamp_us // 1000)
            found = client.offsets_for_times(times, timeout_ms=ms)
            positions = {partition: first.offset for partition, first in found.items() if first is not None}
            ends: Offsets = client.end_offsets(partitions - positions.keys(), timeout_ms=ms)
            return ends | positions

        self.consumer().seek(find_offsets)

    def metrics(self) -> Any:
        return self._consumer.metrics() if self._consumer is not None else None

    def consumer(self) -> ConsumerThread:
        """The open consumer, for a writer's transaction."""
        if self._consumer is None:
            raise ConnectionError("the reader is not open")
        return self._consumer

    def forked(self) -> None:
        self._consumer = None
        self._records = iter(())

        def refuse(_: float | None) -> None:
            raise forked_error()

        self._take = refuse
