"""Publishes not confirmed yet, and the thread on which confirmations become visible."""

from __future__ import annotations

import logging
import threading
from functools import partial
from math import inf
from queue import Empty, SimpleQueue
from time import sleep, time
from typing import Any

from sinetstream.errors import ConnectionError, Outcome, SinetError
from sinetstream.publish_many import Encoded
from sinetstream.session import Session
from sinetstream.spi.byte_budget import ByteBudget
from sinetstream.spi.deadline import Deadline
from sinetstream.spi.delivery import Delivery
from sinetstream.spi.signal_safe_lock import lock_and_condition
from sinetstream.unhandled_rejections import UnhandledRejections

__all__ = ["PendingPublishes"]

_BATCH = 64  # promises, at most, that are completed together
# After so few in one batch, while so many publishes and bytes are pending, the dispatch thread pauses to let more gather.
_SMALL_BATCH = 4
_LARGE_BACKLOG, _LARGE_BACKLOG_BYTES = 16, 1 << 20
_PAUSE_S = 0.004
_ADVICE = (
    "await earlier promises, use publish_many, or raise max_pending_bytes (or the messaging system's own option for it)"
)


class PendingPublishes:
    """The pending publishes of one open async writer. Promises become visible in the order in which they are settled.

    `budget` is `max_pending_bytes`: a publish takes its bytes until its promise is settled. This object owns the promises
    (see `Delivery.adopt`): what the client library settles on its thread becomes visible on ours.
    """

    def __init__(self, session: Session, plugin: Any) -> None:
        self._session = session
        self._plugin = plugin
        limit = min(session.settings.max_pending_bytes, getattr(plugin, "max_pending_bytes", inf))
        self.budget = ByteBudget(limit, _ADVICE)
        self._lock, self._changed = lock_and_condition()
        self._pending: dict[Delivery[Any], Encoded] = {}
        self._settled: SimpleQueue[Delivery[Any] | None] = SimpleQueue()  # None only wakes the dispatch thread
        self._given_up = 0
        self._closed = self._ending = self._ended = self._completing = False
        settings = session.settings
        self.unhandled = UnhandledRejections(
            logging.getLogger(f"sinetstream.{settings.type}"),
            f"writer of service {settings.service!r}"
            if settings.service
            else f"writer of {', '.join(settings.topics)}",
            partial(self._settled.put, None),
        )
        self._thread = threading.Thread(target=self._dispatch, name="sinetstream-promises", daemon=True)
        self._thread.start()

    def in_dispatch(self) -> bool:
        """Whether the caller runs on the dispatch thread, in a handler."""
        return threading.current_thread() is self._thread

    def send(self, encoded: Encoded, attributes: dict[str, Any], *, reserved: bool = False) -> Delivery[Any]:
        """Give a message to the plugin. Never blocks; every failure is the promise.

        `reserved` says that its bytes were taken from `budget`. A `KeyboardInterrupt` (whatever a signal handler raised)
        is raised, and the bytes are given back.
        """
        size = len(encoded[0])
        taken = size if reserved else 0
        delivery: Delivery[Any] | None = None
        try:
            if self._closed:
                raise _closed_before_sending()  # noqa: TRY301
            if not reserved:
                if not self.budget.try_take(size):
                    raise self.budget.full(size)  # noqa: TRY301
                taken = size
            delivery = _as_delivery(self._plugin.publish(encoded[0], **attributes))
            self._pending[delivery], taken = encoded, 0
            delivery.adopt(self)
            if self._closed:  # meanwhile: `close` may have rejected the others already
                delivery.fail(_unconfirmed_error())
        except BaseException as error:
            if delivery is not None and self._pending.pop(delivery, None) is not None:
                taken = size  # the caller does not get this promise
            self.budget.give_back(taken)
            if not isinstance(error, Exception):
                raise
            return self.reject(error, "unknown")
        return delivery

    def reject(self, error: Exception, outcome: Outcome) -> Delivery[Any]:
        """Count an error, and return a promise that is rejected with it."""
        self._session.meter.record_error()
        return Delivery.rejected(self._session.translate_publishing(error, outcome), self)

    def close(self, deadline: Deadline) -> int:
        """Let pending publishes finish until the deadline; close the plugin; reject the rest; end the thread.

        Returns how many were rejected by that. Rejected promises that nobody has looked at are logged. Where an interrupt
        ends one of the waits, the following steps are done all the same.
        """
        try:
            with self._lock:
                self._changed.wait_for(
                    lambda: not (self._pending or self._completing),
                    deadline.timeout,
                )
        finally:
            self._closed = True
            try:
                self._plugin.close()
            finally:
                self._ending = True
                self._settled.put(None)
                self._thread.join()
                self.unhandled.tell_all()
        return self._given_up

    def post(self, delivery: Delivery[Any]) -> bool:
        """For `Delivery`: one is settled. False where the dispatch thread has ended."""
        self._settled.put(delivery)
        return not self._ended

    def _dispatch(self) -> None:
        while not self._ending or not self._settled.empty():
            settled = self._take_settled()
            self._complete(settled)
            if (
                len(settled) < _SMALL_BATCH
                and len(self._pending) > _LARGE_BACKLOG
                and self.budget.taken > _LARGE_BACKLOG_BYTES
            ):
                sleep(_PAUSE_S)  # waking up costs more than all the rest
            del settled  # a promise that nobody else holds is to be collected while this thread waits
        self.budget.lift()  # `send` rejects what waited for room
        self._reject_rest()
        self._ended = True
        while not self._settled.empty():
            self._complete([self._settled.get()])

    def _take_settled(self) -> list[Delivery[Any] | None]:
        due_in = self.unhandled.due_in()
        if due_in is None:
            return [self._settled.get() for _ in range(max(1, min(self._settled.qsize(), _BATCH)))]
        try:
            return [self._settled.get(timeout=due_in)]
        except Empty:
            self.unhandled.tell()
            return []

    def _reject_rest(self) -> None:
        while True:
            for delivery in list(self._pending):
                if delivery.fail(_unconfirmed_error()) or delivery.is_settled:  # who settled it may not come to post it
                    self._complete([delivery])
            if not self._pending:
                return
            self._complete([self._settled.get()])  # another thread is just settling one

    def _complete(self, settled: list[Delivery[Any] | None]) -> None:
        self._completing = True  # `close` waits for the handlers too
        # None for a promise that `then` returned
        done = [(delivery, self._pending.pop(delivery, None)) for delivery in settled if delivery is not None]
        self.budget.give_back(
            sum(len(encoded[0]) for _, encoded in done if encoded)
        )  # before the handlers, which may publish
        now, count = time(), self._session.meter.record_message
        for delivery, encoded in done:
            if encoded is None:
                delivery.complete()
            elif (error := delivery.held_error) is None:
                count(len(encoded[0]), encoded[1], encoded[2], now)
                delivery.complete()
            else:
                self._session.meter.record_error()
                self._given_up += self._closed  # by the plugin's `close`, or here
                delivery.complete(self._session.translate_publishing(error))
        self._completing = False
        if not self._pending:
            with self._lock:
                self._changed.notify_all()


def _closed_before_sending() -> ConnectionError:
    return ConnectionError("the writer was closed before this message was sent", outcome="not_sent")


def _unconfirmed_error() -> ConnectionError:
    words = "the writer was closed before this was confirmed; whether the broker has it is unknown"
    return ConnectionError(words, outcome="unknown")


def _as_delivery(promise: Any) -> Delivery[Any]:
    if hasattr(promise, "then") or hasattr(promise, "add_done_callback"):
        return Delivery.wrap(promise)
    raise SinetError(f"publish of an async writer must return a promise, not {type(promise).__name__}")
