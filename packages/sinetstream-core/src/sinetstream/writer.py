"""Writing, one message at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import get_ident
from time import time, time_ns
from typing import Any, Generic, Self

from sinetstream.errors import InvalidArgumentError, Outcome, SinetError
from sinetstream.plugin_selection import blocking_writer
from sinetstream.publish_many import Encoded, PublishMany
from sinetstream.reader import MessageReader
from sinetstream.reader_base import participant_of
from sinetstream.spi.interruption import is_interruption
from sinetstream.spi.signal_safe_lock import lock_and_condition
from sinetstream.transaction import Transaction, TransactionSteps
from sinetstream.values import T
from sinetstream.with_block import WithBlock
from sinetstream.writer_base import WriterEndpoint, results_or_raise

__all__ = ["MessageWriter"]


class MessageWriter(WriterEndpoint, WithBlock, Generic[T]):
    """Writes messages to a service: `with MessageWriter("lab") as writer: writer.publish(value)`

    Several threads may publish at once. Constructing it raises what is wrong with the parameters, which
    docs/configuration.md lists.
    """

    _plugin_class = staticmethod(blocking_writer)

    def _set_up(self) -> None:
        self._plugin: Any = None
        self._encode: Callable[[Any, int], Encoded]  # there is one while there is a plugin
        self._count = self._session.meter.record_message
        # The thread of each publish that runs; set and removed where Ctrl-C cannot strike.
        self._publishing: dict[object, int] = {}
        self._lock, self._changed = lock_and_condition()

    def open(self) -> Self:
        """Connect. Raises `AlreadyConnectedError`, `ConnectionError` or `AuthorizationError`; then it is closed."""
        self._open_session(self._start)
        return self

    def publish(
        self,
        value: T,
        timestamp: float | None = None,
        *,
        key: bytes | str | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> Any:
        """Send one message; returns when it is final for `consistency`, with what the plugin returns.

        `timestamp` is in seconds since the Unix epoch, rounded to the microsecond: None for now, 0 for no timestamp.
        Blocks for at most `publish_timeout_ms`, then raises `PublishTimeoutError`; so it does where unconfirmed publishes
        leave no room in `max_pending_bytes` for so long. (A plugin that declares no abilities may not know of these
        limits.) Raises `InvalidMessageError` or `InvalidArgumentError` before anything is sent, `NotOpenError` when
        closed, `UnsupportedOperationError` for a key, headers, or with `user_data_only` a timestamp that the messaging
        system does not carry. The `outcome` of each error says whether the broker may have the message.
        """
        plugin = self._plugin
        if plugin is None:
            raise self._session.not_open_error()
        mark = object()
        self._publishing[mark] = get_ident()
        outcome: Outcome = "not_sent"
        try:
            time_us = time_ns() // 1000 if timestamp is None else self._time_us(timestamp)  # `now_us` in line
            payload, compressed, plain = self._encode(value, time_us)
            if key is None and headers is None and not self._carries_time:
                outcome = "unknown"
                result = plugin.publish(payload)
            else:
                attributes = self._attributes(key, headers, time_us)
                outcome = "unknown"
                result = plugin.publish(payload, **attributes)
        except Exception as error:
            self._session.meter.record_error()
            if is_interruption(error):
                raise
            raise self._session.translate_publishing(error, outcome)  # noqa: B904  it has its cause
        finally:
            del self._publishing[mark]
            if self._plugin is None:
                self._wake_closer()
        self._count(len(payload), compressed, plain, time())
        return result

    def publish_many(self, values: Iterable[T], timestamp: float | None = None) -> list[Any]:
        """Send all messages, pipelined where the plugin can; returns when all are final, with the results in order.

        Waits while `max_pending_bytes` would be exceeded. Raises `PublishManyError` when all have ended and some failed;
        it says which. Each is waited for at most `publish_timeout_ms`.
        """
        from sinetstream.spi.adapters import WriterFromAsyncWriter

        plugin = self._session.plugin()
        if not isinstance(plugin, WriterFromAsyncWriter):
            return results_or_raise([self._publish_one(value, timestamp) for value in values])
        many = PublishMany(self._session, plugin)
        mark = object()
        self._publishing[mark] = get_ident()
        try:
            for value in values:
                try:
                    time_us = self._time_us(timestamp)
                    encoded = self._encode(value, time_us)
                except SinetError as error:
                    many.refuse(error)
                else:
                    many.add(encoded, self._attributes(None, None, time_us))
            outcomes = many.outcomes()
        finally:
            many.abandon()
            del self._publishing[mark]
            if self._plugin is None:
                self._wake_closer()
        return results_or_raise(outcomes)

    def transaction(self, reader: MessageReader[Any] | None = None) -> Transaction:
        """For a `with` block: everything published in it, by any thread, becomes visible together when it is left.

        With a reader, its position is committed in the same transaction: every message that it has handed out, the one in
        flight included, is finished with the block. An exception that leaves the block aborts the transaction, and the
        reader's messages come again; so they do where the commit fails, which raises. Inside, `publish` returns when the
        broker has the message; it is final with the block. From then on the reader's position moves with transactions only.

        Raises `UnsupportedOperationError` where the plugin, or the writer's consistency, has no transactions. Beginning,
        committing and aborting wait for the broker, each for about `publish_timeout_ms` at most.
        """
        if reader is not None and not isinstance(reader, MessageReader):
            raise InvalidArgumentError(f"transaction: needs a sinetstream.MessageReader, not {type(reader).__name__}")
        return Transaction(TransactionSteps(self._session, None if reader is None else participant_of(reader)))

    def close(self) -> None:
        """Disconnect, after publishes of other threads have ended or `close_timeout_ms` has passed.

        Idempotent, from any thread; it can be opened again. An interrupt ends the wait, and the writer is disconnected all the same.
        """
        deadline = self._session.close_deadline()
        me = get_ident()  # its own publish may have been interrupted by the signal handler that closes
        with self._session.translating():  # around it all: Ctrl-C in here must not leave out what follows `begin_close`
            plugin = self._session.begin_close()
            if plugin is None:
                self._session.wait_until_closed()
                return
            self._plugin = None
            try:
                try:
                    with self._lock:
                        self._changed.wait_for(lambda: set(self._publishing.values()) <= {me}, deadline.timeout)
                finally:
                    plugin.close()
            finally:
                self._session.closed()

    def _forked(self) -> None:
        super()._forked()
        self._plugin = None
        me = get_ident()  # the other threads that were publishing are not here
        self._publishing = {mark: thread for mark, thread in self._publishing.items() if thread == me}
        self._lock, self._changed = lock_and_condition()

    def _start(self, plugin: Any) -> None:
        self._encode = self._session.codec.encode
        self._plugin = plugin
        self._session.watch(self, plugin)

    def _publish_one(self, value: T, timestamp: float | None) -> Any:
        try:
            return self.publish(value, timestamp)
        except SinetError as error:
            return error

    def _wake_closer(self) -> None:
        with self._lock:
            self._changed.notify_all()
