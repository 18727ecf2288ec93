"""From the broker to the buffer."""

from __future__ import annotations

from kafka import KafkaConsumer

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.fetch_buffer import FetchBuffer
from sinetstream_plugins.kafka.consume.offsets import Offsets, Records
from sinetstream_plugins.kafka.kafka_python.fast_decode import take_shortly
from sinetstream_plugins.kafka.kafka_python.recv_buffer import receive_large_chunks
from sinetstream_plugins.kafka.options.client_options import Options

__all__ = ["Poller", "connect"]

_TOGETHER = 500
_SLICES_MS = (5, 50)
_JOIN_MS = 500
_NEW_TOPICS_MS = 10_000


def connect(options: Options) -> KafkaConsumer:
    """A consumer that knows the cluster, and is not subscribed yet."""
    client = dict(options.client)
    if options.topic_pattern is not None:
        client.setdefault("metadata_max_age_ms", _NEW_TOPICS_MS)
    consumer = KafkaConsumer(**client)
    receive_large_chunks(consumer._client._manager)
    take_shortly(consumer)
    consumer._cluster.config["retry_backoff_ms"] = client["retry_backoff_ms"]  # it does not pass this on
    return consumer


class Poller:
    """What is polled is received, or given back."""

    def __init__(
        self,
        client: KafkaConsumer,
        assignment: Assignment,
        buffer: FetchBuffer,
        offsets: Offsets,
        *,
        keeps_received: bool,
    ) -> None:
        """`keeps_received`: what is received is committed before the application has it, and it keeps that."""
        self._client = client
        self._assignment = assignment
        self._buffer = buffer
        self._offsets = offsets
        self._keeps_received = keeps_received
        self._slice_ms = _SLICES_MS[0]

    def poll(self, *, full: bool, joining: bool) -> Records:
        """What comes, which is nothing while `full`."""
        self._hold(full)
        records: Records = self._client.poll(_JOIN_MS if joining else 0 if full else self._slice_ms)
        # What comes while kafka-python asks for more, it sees in the next poll only: that is soon, while something comes.
        shortest, longest = _SLICES_MS
        self._slice_ms = shortest if records else min(2 * self._slice_ms, longest)
        return records

    def receive(self, records: Records) -> None:
        """Let the application have them; what is still in `records` afterwards it has not."""
        if self._keeps_received and records:
            self._offsets.commit({partition: batch[-1].offset + 1 for partition, batch in records.items()})
        while records:
            partition, batch = records.popitem()
            state = self._assignment.of(partition)
            if state is not None:
                for begin in range(0, len(batch), _TOGETHER):
                    self._buffer.put(state, batch[begin : begin + _TOGETHER])

    def give_back(self, records: Records) -> None:
        """They come again with the next poll."""
        assigned = self._client.assignment()
        for partition, batch in records.items():
            if partition in assigned:
                self._client.seek(partition, batch[0].offset)

    def _hold(self, full: bool) -> None:
        if full:
            self._client.pause(*self._client.assignment())
        elif paused := self._client.paused():
            self._client.resume(*paused)
