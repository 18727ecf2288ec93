"""Writing to Kafka."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from math import inf
from threading import get_ident
from typing import Any, ClassVar

from sinetstream.errors import ConnectionError, InvalidArgumentError, SinetError
from sinetstream.spi import AT_MOST_ONCE, EXACTLY_ONCE, Ability, Delivery, PluginAsyncMessageWriter

from sinetstream_plugins.kafka.errors import WRITING
from sinetstream_plugins.kafka.fork import forked_error, watch
from sinetstream_plugins.kafka.kafka_python.library_threads import ReentryGuard, reentry_error
from sinetstream_plugins.kafka.kafka_python.log_handover import flush_logs
from sinetstream_plugins.kafka.kafka_python.sender import Record
from sinetstream_plugins.kafka.options.client_options import parse
from sinetstream_plugins.kafka.options.names import OPTIONS
from sinetstream_plugins.kafka.produce import producer
from sinetstream_plugins.kafka.produce.acked import AckedProducer
from sinetstream_plugins.kafka.produce.consume_process_produce import ConsumeProcessProduce
from sinetstream_plugins.kafka.produce.fire_and_forget import FireAndForgetProducer
from sinetstream_plugins.kafka.produce.transaction_batcher import TransactionBatcher

__all__ = ["KafkaAsyncWriter"]

_ABILITIES = frozenset((Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.KEY, Ability.HEADERS))
_DEADLINE_S = 30.0


class KafkaAsyncWriter(PluginAsyncMessageWriter):
    """Messages with one key go to one partition, in order. The promise's value is kafka-python's RecordMetadata."""

    abilities = _ABILITIES
    ability_hints: ClassVar = {
        Ability.TIMESTAMP: "set type_spec.record_time: message, and mind that Kafka keeps messages by that time"
    }
    parameters = frozenset(OPTIONS.options)
    options = OPTIONS
    common_parameters = frozenset({"tls"})
    errors = WRITING

    def __init__(self, params: dict[str, Any]) -> None:
        self._options = parse(params, "writer")
        topic = params.get("topic")
        if not isinstance(topic, str):
            raise InvalidArgumentError("topic: the kafka plugin needs exactly one to write to", path="topic")
        self._topic = topic
        if self._options.consistency is EXACTLY_ONCE:
            self.abilities |= {Ability.TRANSACTION}
        if self._options.record_time == "message":
            self.abilities |= {Ability.TIMESTAMP}
        timeout_ms = params.get("publish_timeout_ms", inf)
        self._deadline = _DEADLINE_S if timeout_ms == inf else timeout_ms / 1000
        self._has_own_id = "transactional_id" not in {**params, **params["type_spec"]}
        self.max_pending_bytes = self._options.buffer_memory
        self._room = min(params.get("max_pending_bytes", inf), self.max_pending_bytes)
        self._sending: AckedProducer | FireAndForgetProducer | TransactionBatcher | _NotOpen | _Forked = _NotOpen()
        self._send: Callable[[Record], Delivery[Any]] = self._sending.send
        self._reentry = ReentryGuard()

    def open(self) -> None:
        connect = partial(producer.connect, self._options, self._topic)
        if self._options.consistency is AT_MOST_ONCE:
            self._sending = FireAndForgetProducer(self._topic, connect, self._room)
        elif self._options.consistency is EXACTLY_ONCE:
            self._sending = TransactionBatcher(self._topic, connect, self._deadline, has_own_id=self._has_own_id)
        else:
            self._sending = AckedProducer(self._topic, connect)
        self._send = self._sending.send
        watch(self)

    def close(self) -> None:
        if sys.is_finalizing():  # kafka-python has closed its producers, and its threads do not run any more
            return
        if self._reentry.is_inside(get_ident()):
            threading.Thread(target=self._sending.close, name="sinetstream-kafka-close", daemon=True).start()
        else:
            self._sending.close()
            flush_logs()

    def publish(
        self,
        message: bytes,
        *,
        key: bytes | None = None,
        headers: dict[str, bytes] | None = None,
        timestamp_us: int = 0,
    ) -> Delivery[Any]:
        ident, reentry = get_ident(), self._reentry
        if reentry.is_inside(ident):
            return Delivery.rejected(reentry_error("publishing"))
        reentry.callers.add(ident)
        try:
            return self._send(
                (message, key, list(headers.items()) if headers else None, None, timestamp_us // 1000 or None)
            )
        finally:
            reentry.callers.discard(ident)

    def transaction(self, reader: Any = None) -> ConsumeProcessProduce:
        """Begin one; see `sinetstream.MessageWriter.transaction`."""
        if not isinstance(self._sending, TransactionBatcher):
            raise ConnectionError("the writer is not open")
        return ConsumeProcessProduce(self._sending, reader)

    def metrics(self) -> Any:
        return self._sending.producer.metrics()

    def forked(self) -> None:
        self._sending = _Forked(self._sending)
        self._send = self._sending.send


class _NotOpen:
    @property
    def producer(self) -> Any:
        raise self._refusal()

    def send(self, record: Record) -> Delivery[Any]:
        raise self._refusal()

    def _refusal(self) -> SinetError:
        return ConnectionError("the writer is not open")

    def close(self) -> None:
        pass


class _Forked(_NotOpen):
    """Keeps what the parent had open, and from being closed here: a thread that is not here may hold its locks."""

    def __init__(self, parents: Any) -> None:
        self._parents = parents
        if not isinstance(parents, _NotOpen):
            parents.producer.disown()

    def _refusal(self) -> SinetError:
        return forked_error()
