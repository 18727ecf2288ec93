"""One thread that iterates a reader and calls back with each message."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from sinetstream.errors import SinetError
from sinetstream.spi.iteration import Item, is_end
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["SLICE_MS", "ReaderThread"]

SLICE_MS = 500
"""The receive timeout of a reader whose iteration `close` does not end."""

_SHORTEST_SLICE_S = 0.001
_PAUSES_S = (0.05, 5.0)


class ReaderThread:
    """Iterates `reader` in a thread of its own, in order, from `start` to `stop`.

    `on_item` gets each message and must not raise. `on_error` gets what iterating raised; the iteration is tried again
    then, after a pause that grows while it fails. The thread takes as many messages as `request` allowed, none at first.
    `on_end` is called when the reader is closed.

    `closable_while_reading` says whether `reader.close()` ends an iteration in another thread. Where it does not, the
    reader's receive timeout must be at most `SLICE_MS`, and it is closed when its iteration has returned.
    """

    def __init__(
        self,
        reader: Any,
        *,
        on_item: Callable[[bytes, str | None, Any], None],
        on_error: Callable[[Exception], None],
        closable_while_reading: bool,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._reader = reader
        self._on_item = on_item
        self._on_error = on_error
        self._closable_while_reading = closable_while_reading
        self._on_end = on_end
        self._allowed: float = 0
        self._lock, self._changed = lock_and_condition()
        self._stopping = False
        self._handling = False
        self._closing = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sinetstream-reader", daemon=True)

    def start(self) -> None:
        """Begin; the reader is open."""
        self._thread.start()

    def request(self, messages: float) -> None:
        """Allow so many more messages; `math.inf`: all."""
        with self._lock:
            self._allowed += messages
            self._changed.notify_all()

    def pause(self) -> None:
        """Allow no more messages, except the one that it may be waiting for."""
        with self._lock:
            self._allowed = 0

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def wait_for_stop(self, seconds: float) -> bool:
        """Within `on_item` or `on_error`: wait for so long; True, at once, where `stop` is called."""
        self._pause(seconds)
        return self._stopping

    def in_thread(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """End the thread and close the reader, after a callback that is running has returned.

        Called from any thread, any number of times. Within `on_item` or `on_error` it takes effect when they return.
        """
        with self._lock:
            self._stopping = True
            self._changed.notify_all()
            if self.in_thread():
                return
            self._changed.wait_for(lambda: not self._handling)
        if self._closable_while_reading or self._thread.ident is None:
            self._close_once()
        if self._thread.ident is not None:  # `open` may have failed before it was started
            self._thread.join()
        with self._lock:
            self._changed.wait_for(lambda: self._closed)

    def _run(self) -> None:
        try:
            self._iterate()
        finally:
            try:
                self._close_once()
            except Exception as error:  # noqa: BLE001  it would be lost in this thread
                self._on_error(error)

    def _allowed_one(self) -> bool:
        with self._lock:
            self._changed.wait_for(lambda: self._allowed > 0 or self._stopping)
            return not self._stopping

    def _iterate(self) -> None:
        iterator: Iterator[Item] | None = None
        pause, longest = _PAUSES_S
        began = 0.0
        while self._allowed_one():
            try:
                if iterator is None:
                    began = time.monotonic()
                    iterator = iter(self._reader)
                payload, topic, raw = next(iterator)
            except BaseException as raised:  # noqa: BLE001  whatever a plugin raises is reported
                iterator = None
                error = raised if isinstance(raised, Exception) else SinetError(f"reading raised {raised!r}")
                if is_end(error):
                    if time.monotonic() - began < _SHORTEST_SLICE_S:
                        self._pause(_PAUSES_S[0])
                elif not self._stopping:
                    self._hand_over(self._on_error, error)
                    self._pause(pause)
                    pause = min(2 * pause, longest)
            else:
                pause = _PAUSES_S[0]
                self._hand_over(self._on_item, payload, topic, raw)

    def _pause(self, seconds: float) -> None:
        with self._lock:
            self._changed.wait_for(lambda: self._stopping, seconds)

    def _hand_over(self, callback: Callable[..., None], *args: Any) -> None:
        with self._lock:
            if self._stopping and self._closable_while_reading:
                return  # the reader is being closed: it takes the message back
            self._handling = True
            if callback is self._on_item:
                self._allowed -= 1
        try:
            callback(*args)
        finally:
            with self._lock:
                self._handling = False
                self._changed.notify_all()

    def _close_once(self) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
        try:
            self._reader.close()
        finally:
            with self._lock:
                self._closed = True
                self._changed.notify_all()
            self._on_end()
