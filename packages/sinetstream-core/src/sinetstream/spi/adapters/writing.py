"""An asynchronous writer from a synchronous one, and the other way round."""

from __future__ import annotations

import threading
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Any

from sinetstream.clock import in_seconds
from sinetstream.errors import ConnectionError
from sinetstream.spi.adapters.adapter import Adapter
from sinetstream.spi.byte_budget import ByteBudget
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.plugin import PluginAsyncMessageWriter, PluginMessageWriter
from sinetstream.spi.signal_safe_lock import lock_and_condition
from sinetstream.spi.timed_out_publishes import give_back_when_settled, no_room

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = ["AsyncWriterFromWriter", "WriterFromAsyncWriter"]

_JOIN_S = 0.5


class AsyncWriterFromWriter(Adapter, PluginAsyncMessageWriter):
    """Publishes through `source` in one thread, in order.

    `close` waits half a second for the thread; where closing `source` did not end a running `publish`, the thread stays.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._waiting: deque[tuple[Delivery[Any], bytes, dict[str, Any]]] = deque()
        self._lock, self._changed = lock_and_condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sinetstream-writer", daemon=True)

    def open(self) -> None:
        super().open()
        self._thread.start()

    def publish(self, message: bytes, **attributes: Any) -> Delivery[Any]:
        from sinetstream.spi.delivery import Delivery

        delivery: Delivery[Any] = Delivery()
        with self._lock:
            if self._closed:
                return Delivery.rejected(_closed_before_sending())
            self._waiting.append((delivery, message, attributes))
            self._changed.notify()
        return delivery

    def close(self) -> None:
        with self._lock:
            self._closed = True
            unsent = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for delivery, _, _ in unsent:
            delivery.fail(_closed_before_sending())
        super().close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                delivery, message, attributes = self._waiting.popleft()
            try:
                result = self.inner.publish(message, **attributes)
            except BaseException as error:  # noqa: BLE001  every failure is the promise's
                delivery.fail(error)
            else:
                delivery.fulfil(result)


class WriterFromAsyncWriter(Adapter, PluginMessageWriter):
    """Publishes through `source` and waits for its promise, at most `publish_timeout_ms`.

    `budget` has the bytes of `publish_many`, and of messages that were not confirmed in time, until they are. While any
    are taken, `publish` waits for room too.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._timeout = in_seconds(params.get("publish_timeout_ms", 30_000))
        self.max_pending_bytes = min(params.get("max_pending_bytes", inf), self.max_pending_bytes)
        self.budget = ByteBudget(self.max_pending_bytes)

    def publish(self, message: bytes, **attributes: Any) -> Any:
        if self.budget.taken:
            return self._publish_with_room(message, attributes)
        delivery = self.send(message, **attributes)
        try:
            return delivery.get(self._timeout)
        except BaseException:
            if delivery.is_pending:
                self.budget.overdraw(len(message))
                give_back_when_settled(self.budget, len(message), delivery)
            raise

    def _publish_with_room(self, message: bytes, attributes: dict[str, Any]) -> Any:
        deadline = Deadline(inf if self._timeout is None else self._timeout)
        size = self.budget.clamp(len(message))
        if not self.budget.take(size, deadline):
            raise no_room(len(message), self.budget)
        delivery = None
        try:
            delivery = self.send(message, **attributes)
            return delivery.get(deadline.timeout)
        finally:
            if delivery is None or not delivery.is_pending:
                self.budget.give_back(size)
            else:
                give_back_when_settled(self.budget, size, delivery)

    def send(self, message: bytes, **attributes: Any) -> Delivery[Any]:
        """Publish without waiting."""
        from sinetstream.spi.delivery import Delivery

        try:
            return Delivery.wrap(self.inner.publish(message, **attributes))
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            return Delivery.rejected(error)


def _closed_before_sending() -> ConnectionError:
    return ConnectionError("the writer was closed before this message was sent", outcome="not_sent")
