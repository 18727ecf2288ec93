"""What waits to be confirmed, and the thread on which confirmations become visible."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from math import inf
from queue import SimpleQueue
from time import time
from typing import Any

from sinetstream.clock import in_seconds
from sinetstream.errors import BufferFullError, ConnectionError, SinetError
from sinetstream.pipeline import Encoded
from sinetstream.session import Session
from sinetstream.spi.delivery import Delivery

__all__ = ["Outbound"]


class Outbound:
    """One open async writer: at most `max_pending_bytes` wait; promises end in the order in which they are settled.

    It owns the promises (see `Delivery.adopt`): what the client library settles on its thread becomes visible on ours.
    """

    def __init__(self, session: Session, plugin: Any) -> None:
        self._session = session
        self._plugin = plugin
        self._limit: float = session.settings.max_pending_bytes
        self._changed = threading.Condition()
        self._bytes = 0
        self._pending: dict[Delivery[Any], Encoded] = {}
        self._waiting_for_room: deque[list[Any]] = deque()
        self._settled: SimpleQueue[Delivery[Any] | None] = SimpleQueue()
        self._closed = self._ended = False
        self._thread = threading.Thread(target=self._dispatch, name="sinetstream-promises", daemon=True)
        self._thread.start()

    def in_dispatch(self) -> bool:
        """Whether the caller runs on the dispatch thread, in a handler."""
        return threading.current_thread() is self._thread

    def reserve(self, size: int) -> bool:
        """Take room for so many bytes, for `send` or `give_back`; False where there is none."""
        with self._changed:
            if self._waiting_for_room or self._bytes + size > self._limit:
                return False
            self._bytes += size
            return True

    def reserve_later(self, size: int, call: Callable[[], None]) -> Callable[[], None]:
        """Take room as soon as there is some, first come first served, then `call`: at once, or on some thread.

        The result takes the request, or the room, back. Raises `BufferFullError` where there can never be room.
        """
        if size > self._limit:
            raise self.full(size)
        waiting = [size, call]
        with self._changed:
            self._waiting_for_room.append(waiting)
        self.give_back(0)

        def cancel() -> None:
            with self._changed:
                granted = waiting not in self._waiting_for_room
                if not granted:
                    self._waiting_for_room.remove(waiting)
            self.give_back(size if granted else 0)

        return cancel

    def give_back(self, size: int) -> None:
        """Return room that was taken."""
        ready = []
        with self._changed:
            self._bytes -= size
            while self._waiting_for_room and self._bytes + self._waiting_for_room[0][0] <= self._limit:
                needed, call = self._waiting_for_room.popleft()
                self._bytes += needed
                ready.append(call)
        for call in ready:
            call()

    def send(self, encoded: Encoded, attributes: dict[str, Any]) -> Delivery[Any]:
        """Hand it, room being reserved, to the plugin. Never blocks, never raises: every failure is the promise."""
        if self._closed:
            return self.rejected(ConnectionError("the writer was closed before this message was sent"))
        try:
            delivery = _promised(self._plugin.publish(encoded[0], **attributes))
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            self.give_back(len(encoded[0]))
            return self.rejected(self._session.translated(error))
        self._pending[delivery] = encoded
        delivery.adopt(self)
        if self._closed:  # since this began: `close` may have looked already
            delivery.fail(_unconfirmed())
        return delivery

    def rejected(self, error: Exception) -> Delivery[Any]:
        """A promise that has failed already, counted."""
        self._session.meter.error()
        return Delivery.rejected(error)

    def close(self) -> None:
        """Let what waits finish, for at most `close_timeout_ms`; close the plugin; reject the rest; end the thread."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending, in_seconds(self._session.settings.close_timeout_ms))
        self._closed = True
        try:
            self._plugin.close()
        finally:
            self._limit = inf  # whoever waits for room is told by `send`
            self.give_back(0)
            for delivery in list(self._pending):
                delivery.fail(_unconfirmed())
            with self._changed:
                self._changed.wait_for(lambda: not self._pending)
            self._settled.put(None)
            self._thread.join()

    def post(self, delivery: Delivery[Any]) -> bool:
        """For `Delivery`: something is settled. False where the dispatch thread has ended."""
        with self._changed:
            if self._ended:
                return False
            self._settled.put(delivery)
            return True

    def _dispatch(self) -> None:
        while (delivery := self._settled.get()) is not None:
            self._complete(delivery)
        with self._changed:
            self._ended = True
        while not self._settled.empty():
            if (late := self._settled.get()) is not None:
                late.complete()

    def _complete(self, delivery: Delivery[Any]) -> None:
        encoded = self._pending.get(delivery)
        if encoded is None:  # a promise derived from one of ours
            delivery.complete()
            return
        error = delivery.held_error
        if error is None:
            self._session.meter.message(len(encoded[0]), encoded[1], encoded[2], time())
        else:
            self._session.meter.error()
            error = self._session.translated(error)
        self.give_back(len(encoded[0]))  # first, for the handlers may publish
        delivery.complete(error=error)
        del self._pending[delivery]
        if not self._pending:
            with self._changed:
                self._changed.notify_all()

    def full(self, size: int) -> BufferFullError:
        """The error for having no room."""
        return BufferFullError(
            f"{self._bytes} bytes wait to be confirmed and {size} more exceed max_pending_bytes ({self._limit}): "
            "await earlier promises, use publish_many, or raise max_pending_bytes"
        )


def _unconfirmed() -> ConnectionError:
    return ConnectionError("the writer was closed before this was confirmed; whether the broker has it is unknown")


def _promised(promise: Any) -> Delivery[Any]:
    if hasattr(promise, "then") or hasattr(promise, "add_done_callback"):
        return Delivery.wrap(promise)
    raise SinetError(f"publish of an async writer must return a promise, not {type(promise).__name__}")
