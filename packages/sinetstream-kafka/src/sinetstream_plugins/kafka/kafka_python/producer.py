"""kafka-python's producer, with the operations that the plugin needs beyond the documented ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from kafka import KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaConnectionError

from sinetstream_plugins.kafka.kafka_python.batch_errors import keep_sequence_on_refusal
from sinetstream_plugins.kafka.kafka_python.library_threads import mark_library_thread
from sinetstream_plugins.kafka.kafka_python.log_handover import hand_over_logs
from sinetstream_plugins.kafka.kafka_python.net_client import bootstrap_until, net_client_maker
from sinetstream_plugins.kafka.kafka_python.resume_transactions import can_resume, start_resuming

__all__ = ["Producer", "Record"]

Record = tuple[bytes, bytes | None, list[tuple[str, bytes]] | None, None, int | None]
"""Value, key, headers, partition, and time in milliseconds: what `send` takes."""


class Producer(KafkaProducer):  # type: ignore[misc]  # kafka-python has no type information
    """Any thread may call any method. The transactional ones, one thread at a time."""

    def __init__(self, settings: Mapping[str, Any], stop: threading.Event) -> None:
        """Raises `ConnectionError` soon after `stop` is set, `KafkaTimeoutError` where the cluster does not answer."""
        make = net_client_maker(settings)
        super().__init__(**{**settings, "kafka_client": partial(bootstrap_until, stop, make)})
        self._metadata.config["retry_backoff_ms"] = settings["retry_backoff_ms"]  # KafkaProducer does not pass it on
        keep_sequence_on_refusal(self._transaction_manager)
        self._sender._client._net.call_soon_threadsafe(mark_library_thread)
        hand_over_logs()

    @property
    def cluster(self) -> Any:
        """kafka-python's ClusterMetadata."""
        return self._metadata

    @property
    def cluster_id(self) -> str | None:
        cluster_id: str | None = self._metadata.cluster_id
        return cluster_id

    @property
    def is_closed(self) -> bool:
        return bool(self._closed)

    @property
    def max_request_size(self) -> int:
        """In bytes; a larger record is refused before it is sent."""
        limit: int = self.config["max_request_size"]
        return limit

    @property
    def max_block_ms(self) -> float:
        """How long a call may wait for the cluster."""
        limit_ms: float = self.config["max_block_ms"]
        return limit_ms

    @max_block_ms.setter
    def max_block_ms(self, limit_ms: float) -> None:
        self.config["max_block_ms"] = limit_ms

    def fatal_error(self) -> Exception | None:
        """The error after which an idempotent producer refuses everything, for ever."""
        manager: Any = self._transaction_manager
        return manager.last_error if manager is not None and manager.has_fatal_error() else None

    def end_sender_thread(self, timeout: float) -> None:
        """End the thread that sends, whatever it waits for; what is not sent has failed."""
        sender = self._sender
        if not sender.is_alive():
            return

        def close_connections() -> None:
            for connection in list(sender._client._manager._conns.values()):
                connection.close(KafkaConnectionError("the producer is closed"))

        sender.force_close()
        with suppress(RuntimeError):  # it has just ended
            sender._client._net.call_soon_threadsafe(close_connections)  # a broker may not answer
        if sender is not threading.current_thread():
            sender.join(timeout)

    def disown(self) -> None:
        """In a forked child: nothing closes it there, neither when it is collected nor at the end of the process."""
        self._closed = True
        self._unregister_cleanup()

    # -- transactions: kafka-python's own methods wait without an end, these return what to wait for

    @property
    def transaction_timeout_ms(self) -> float:
        timeout_ms: float = self.config["transaction_timeout_ms"]
        return timeout_ms

    def prepare_to_resume(self, identity: Any) -> None:
        """Let `init_transactions` go on as this earlier producer, and fail with `ProducerFencedError` where another took over.

        `identity` is that producer's `producer_id_and_epoch`. No effect where the broker cannot tell: then the id is taken over.
        """
        if can_resume(self._transaction_manager, identity):
            self._init_transactions_result = start_resuming(self._transaction_manager, identity)
            self._sender.wakeup()

    def can_resume(self) -> bool:
        """Whether `prepare_to_resume` has an effect for this producer's successor."""
        return can_resume(self._transaction_manager, self.producer_id_and_epoch())

    def producer_id_and_epoch(self) -> Any:
        """As what the broker knows this producer: another object after the epoch has changed."""
        return self._transaction_manager.producer_id_and_epoch

    def transaction_error(self) -> Exception | None:
        """Why the transaction cannot be committed any more."""
        manager: Any = self._transaction_manager
        return manager.last_error if manager.has_error() else None

    def is_completing(self) -> bool:
        """Whether a commit or an abort was started and has not ended."""
        return bool(self._transaction_manager.is_completing())

    def start_commit(self) -> Any:
        return self._transaction_manager.begin_commit()

    def start_abort(self) -> Any:
        return self._transaction_manager.begin_abort()

    def start_sending_offsets(self, offsets: dict[TopicPartition, OffsetAndMetadata], group: Any) -> Any:
        return self._transaction_manager.send_offsets_to_transaction(offsets, group)

    def wait_for(self, result: Any, timeout: float) -> bool:
        """Whether a result of these has come within so many seconds. Raises what it failed with."""
        self._sender.wakeup()
        return bool(result.wait(timeout_ms=timeout * 1000))
