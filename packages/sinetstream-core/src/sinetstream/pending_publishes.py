"""What waits to be confirmed, and the thread on which confirmations become visible."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from math import inf
from queue import SimpleQueue
from time import sleep, time
from typing import Any

from sinetstream.clock import in_seconds
from sinetstream.errors import BufferFullError, ConnectionError, SinetError
from sinetstream.publish_many import Encoded
from sinetstream.session import Session
from sinetstream.spi.delivery import Delivery
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["PendingPublishes"]

_TOGETHER = 64  # promises, at most, for which room is returned at once
_FEW = 4  # woken for so few, the thread lets more come together
_MANY, _MUCH = 16, 1 << 20  # where so many wait, and so many bytes
_PAUSE_S = 0.004


class PendingPublishes:
    """One open async writer: at most `max_pending_bytes` wait; promises end in the order in which they are settled.

    It owns the promises (see `Delivery.adopt`): what the client library settles on its thread becomes visible on ours.
    """

    def __init__(self, session: Session, plugin: Any) -> None:
        self._session = session
        self._plugin = plugin
        self._limit: float = min(session.settings.max_pending_bytes, getattr(plugin, "max_pending_bytes", inf))
        self._lock, self._changed = lock_and_condition()
        self._bytes = 0
        self._pending: dict[Delivery[Any], Encoded] = {}
        self._waiting_for_room: deque[_Waiting] = deque()
        self._settled: SimpleQueue[Delivery[Any] | None] = SimpleQueue()
        self._closed = self._ended = self._completing = False
        self._thread = threading.Thread(target=self._dispatch, name="sinetstream-promises", daemon=True)
        self._thread.start()

    def in_dispatch(self) -> bool:
        """Whether the caller runs on the dispatch thread, in a handler."""
        return threading.current_thread() is self._thread

    def reserve(self, size: int) -> bool:
        """Take room for so many bytes, for `send` or `give_back`; False where there is none."""
        with self._lock:
            if not self._has_room(size):
                return False
            self._bytes += size
            return True

    def reserve_later(self, size: int, call: Callable[[], None]) -> Callable[[], None]:
        """Take room as soon as there is some, first come first served, then `call`: at once, or on some thread.

        The result takes the request, or the room, back; once, however often it is called. Raises `BufferFullError` where
        there can never be room.
        """
        if size > self._limit:
            raise self.full(size)
        waiting = _Waiting(size, call)

        def cancel() -> None:
            with self._lock:
                if waiting in self._waiting_for_room:
                    self._waiting_for_room.remove(waiting)
                taken, waiting.taken = waiting.taken, 0
            self.give_back(taken)

        try:
            with self._lock:
                self._waiting_for_room.append(waiting)
            self.give_back(0)
        except BaseException:
            cancel()
            raise
        return cancel

    def give_back(self, size: int) -> None:
        """Return room that was taken."""
        ready = []
        with self._lock:
            self._bytes -= size
            while self._waiting_for_room and self._bytes + self._waiting_for_room[0].size <= self._limit:
                waiting = self._waiting_for_room.popleft()
                waiting.taken = waiting.size
                self._bytes += waiting.size
                ready.append(waiting.call)
        for call in ready:
            call()

    def send(self, encoded: Encoded, attributes: dict[str, Any], *, reserved: bool = False) -> Delivery[Any]:
        """Hand it to the plugin, taking room where none is reserved. Never blocks; every failure is the promise.

        Raises what interrupts it (what a signal handler raised), and keeps no room then.
        """
        size = len(encoded[0])
        taken = size if reserved else 0
        delivery: Delivery[Any] | None = None
        try:
            if self._closed:
                raise ConnectionError("the writer was closed before this message was sent")  # noqa: TRY301
            if not reserved:
                with self._lock:
                    if not self._has_room(size):
                        raise self.full(size)  # noqa: TRY301
                    self._bytes += size
                    taken = size
            delivery = _promised(self._plugin.publish(encoded[0], **attributes))
            self._pending[delivery], taken = encoded, 0
            delivery.adopt(self)
            if self._closed:  # since this began: `close` may have looked already
                delivery.fail(_unconfirmed())
        except BaseException as error:
            if delivery is not None and self._pending.pop(delivery, None) is not None:
                taken = size  # nobody else will get this promise
            self.give_back(taken)
            if not isinstance(error, Exception):
                raise
            return self.rejected(self._session.translate(error))
        return delivery

    def rejected(self, error: Exception) -> Delivery[Any]:
        """A promise that has failed already, counted."""
        self._session.meter.record_error()
        return Delivery.rejected(error)

    def close(self) -> None:
        """Let what waits finish, for at most `close_timeout_ms`; close the plugin; reject the rest; end the thread.

        Where an interrupt ends one of the waits, the rest is done all the same.
        """
        try:
            with self._lock:
                self._changed.wait_for(
                    lambda: not (self._pending or self._completing),
                    in_seconds(self._session.settings.close_timeout_ms),
                )
        finally:
            self._closed = True
            try:
                self._plugin.close()
            finally:
                self._settled.put(None)
                self._thread.join()

    def post(self, delivery: Delivery[Any]) -> bool:
        """For `Delivery`: something is settled. False where the dispatch thread has ended."""
        self._settled.put(delivery)
        return not self._ended

    def _has_room(self, size: int) -> bool:
        return not self._waiting_for_room and self._bytes + size <= self._limit

    def _dispatch(self) -> None:
        ended = False
        while not ended:
            settled = [self._settled.get() for _ in range(max(1, min(self._settled.qsize(), _TOGETHER)))]
            ended = None in settled
            self._complete(settled)
            if len(settled) < _FEW and len(self._pending) > _MANY and self._bytes > _MUCH:
                sleep(_PAUSE_S)  # to be woken costs more than all the rest
        self._limit = inf  # whoever waits for room is told by `send`
        self.give_back(0)
        self._reject_rest()
        self._ended = True
        while not self._settled.empty():
            self._complete([self._settled.get()])

    def _reject_rest(self) -> None:
        while True:
            for delivery in list(self._pending):
                if delivery.fail(_unconfirmed()) or delivery.is_settled:  # who settled it may not come to post it
                    self._complete([delivery])
            if not self._pending:
                return
            self._complete([self._settled.get()])  # somebody is just settling one

    def _complete(self, settled: list[Delivery[Any] | None]) -> None:
        self._completing = True  # `close` waits for the handlers too
        # None for a promise derived from one of ours
        done = [(delivery, self._pending.pop(delivery, None)) for delivery in settled if delivery is not None]
        self.give_back(sum(len(encoded[0]) for _, encoded in done if encoded))  # before the handlers, which may publish
        now, count = time(), self._session.meter.record_message
        for delivery, encoded in done:
            error = delivery.held_error
            if encoded is None:
                delivery.complete()
            elif error is None:
                count(len(encoded[0]), encoded[1], encoded[2], now)
                delivery.complete()
            else:
                self._session.meter.record_error()
                delivery.complete(self._session.translate(error))
        self._completing = False
        if not self._pending:
            with self._lock:
                self._changed.notify_all()

    def full(self, size: int) -> BufferFullError:
        """The error for having no room."""
        return BufferFullError(
            f"{self._bytes} bytes wait to be confirmed and {size} more exceed the limit of {self._limit}: await earlier "
            "promises, use publish_many, or raise max_pending_bytes (or the messaging system's own option for it)"
        )


class _Waiting:
    """A request for room, and how much it has got."""

    def __init__(self, size: int, call: Callable[[], None]) -> None:
        self.size = size
        self.call = call
        self.taken = 0


def _unconfirmed() -> ConnectionError:
    return ConnectionError("the writer was closed before this was confirmed; whether the broker has it is unknown")


def _promised(promise: Any) -> Delivery[Any]:
    if hasattr(promise, "then") or hasattr(promise, "add_done_callback"):
        return Delivery.wrap(promise)
    raise SinetError(f"publish of an async writer must return a promise, not {type(promise).__name__}")
