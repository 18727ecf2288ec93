"""Writing without waiting: each publish returns a promise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, Self

from sinetstream.clock import in_seconds
from sinetstream.errors import AlreadyConnectedError, SinetError
from sinetstream.plugin_selection import async_writer
from sinetstream.publish_many import outcome
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.timed_out_publishes import no_room
from sinetstream.values import T
from sinetstream.with_block import WithBlock
from sinetstream.writer_base import WriterEndpoint, results_or_raise

if TYPE_CHECKING:
    from sinetstream.pending_publishes import PendingPublishes
    from sinetstream.publish_many import Encoded
    from sinetstream.spi.delivery import Delivery

__all__ = ["AsyncMessageWriter"]


class AsyncMessageWriter(WriterEndpoint, WithBlock, Generic[T]):
    """Writes messages to a service without waiting: `writer.publish(value).then(on_success, on_failure)`

    Several threads may publish at once. Handlers run one at a time, in the order in which messages became final, on one
    thread of the writer's; attached to a promise that has ended, they run at once in the caller. Constructing it raises
    what is wrong with the parameters, which docs/configuration.md lists.
    """

    _plugin_class = staticmethod(async_writer)

    def _set_up(self) -> None:
        self._pending: PendingPublishes | None = None
        self._in_handler: Callable[[], bool] = _not_in_handler

    def open(self) -> Self:
        """Connect. Raises `AlreadyConnectedError`, `ConnectionError` or `AuthorizationError`; then it is closed."""
        if self._in_handler():
            raise AlreadyConnectedError(
                "in a handler the writer is open: close takes effect after the handler has returned"
            )
        self._open_session(self._start)
        return self

    def publish(
        self,
        value: T,
        timestamp: float | None = None,
        *,
        key: bytes | str | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> Delivery[Any]:
        """Send one message; its promise is fulfilled, with the plugin's result, when it is final for `consistency`.

        Never blocks. Raises `NotOpenError` when closed; any other failure rejects the promise, with `BufferFullError`
        where `max_pending_bytes` would be exceeded. (`KeyboardInterrupt` and `SystemExit` are raised; whether the broker
        has the message is unknown then.) The `outcome` of each error says whether the broker may have the message.
        `timestamp` is in seconds since the Unix epoch, rounded to the microsecond: None for now, 0 for no timestamp.
        Every promise is settled, at the latest in `close`.
        """
        pending = self._require_open()
        try:
            encoded, attributes = self._encode(value, timestamp, key, headers)
        except SinetError as error:
            return pending.reject(error, "not_sent")
        return pending.send(encoded, attributes)

    def publish_many(self, values: Iterable[T], timestamp: float | None = None) -> list[Any]:
        """Send all messages; returns when all are final, with the results in order.

        Waits while `max_pending_bytes` would be exceeded. Raises `PublishManyError` when all have ended and some failed;
        it says which. Each wait, for room and for a confirmation, takes at most `publish_timeout_ms`. Raises `SinetError`
        in a handler, since handlers have to run meanwhile.
        """
        pending = self._require_open()
        if self._in_handler():
            words = "publish_many waits for handlers to run and cannot be called in one: use publish"
            raise SinetError(words, outcome="not_sent")
        timeout_ms = self._session.settings.publish_timeout_ms
        timeout = in_seconds(timeout_ms)
        sent = [(self._send_when_room(pending, value, timestamp, timeout_ms), monotonic()) for value in values]
        if sent:
            outcome(*sent[-1], timeout)  # with one wake-up in place of one for each
        return results_or_raise([outcome(delivery, sent_at, timeout) for delivery, sent_at in sent])

    def close(self) -> None:
        """Let pending publishes finish, for at most `close_timeout_ms`, reject the rest, and disconnect.

        Idempotent, from any thread; in a handler it takes effect after the handler has returned. It can be opened again.
        Rejected promises that nobody has looked at (with `get`, `await`, `catch` or a second handler of `then`) are logged.
        """
        in_handler = self._in_handler()
        with self._session.translating():  # around it all: Ctrl-C in here must not leave out what follows `begin_close`
            if self._session.begin_close() is None or self._pending is None:
                if not in_handler:
                    self._session.wait_until_closed()
                return
            pending, self._pending = self._pending, None
            if in_handler:
                threading.Thread(target=self._close_pending, args=(pending,), name="sinetstream-close").start()
            else:
                self._close_pending(pending)

    def _forked(self) -> None:
        super()._forked()
        self._pending = None
        self._in_handler = _not_in_handler

    def _start(self, plugin: Any) -> None:
        from sinetstream.pending_publishes import PendingPublishes  # imports `promise`, which takes 60 ms

        self._pending = PendingPublishes(self._session, plugin)
        self._in_handler = self._pending.in_dispatch
        self._session.watch(self, plugin, self._pending.close)

    def _require_open(self) -> PendingPublishes:
        if self._pending is None:
            raise self._session.not_open_error()
        return self._pending

    def _encode(
        self,
        value: T,
        timestamp: float | None,
        key: bytes | str | None = None,
        headers: Mapping[str, bytes] | None = None,
    ) -> tuple[Encoded, dict[str, Any]]:
        time_us = self._time_us(timestamp)
        encoded = self._session.codec.encode(value, time_us)
        if key is None and headers is None and not self._carries_time:
            return encoded, {}
        return encoded, self._attributes(key, headers, time_us)

    def _send_when_room(
        self, pending: PendingPublishes, value: T, timestamp: float | None, timeout_ms: float
    ) -> Delivery[Any]:
        try:
            encoded, attributes = self._encode(value, timestamp)
            size = len(encoded[0])
            budget = pending.budget
            if not budget.try_take(size) and not budget.take(size, Deadline.in_ms(timeout_ms)):
                raise no_room(size, budget)
        except SinetError as error:
            return pending.reject(error, "not_sent")
        return pending.send(encoded, attributes, reserved=True)

    def _close_pending(self, pending: PendingPublishes) -> None:
        try:
            pending.close(self._session.close_deadline())
        finally:
            self._session.closed()


def _not_in_handler() -> bool:
    return False
