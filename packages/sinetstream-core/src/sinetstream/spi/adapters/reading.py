"""An iterating reader from one that calls back, and the other way round."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import inf
from typing import Any

from sinetstream.clock import in_seconds
from sinetstream.spi.abilities import Ability
from sinetstream.spi.adapters.adapter import Adapter
from sinetstream.spi.iteration import Item
from sinetstream.spi.plugin import OnFailure, OnMessage, PluginAsyncMessageReader, PluginMessageReader
from sinetstream.spi.reader_thread import SLICE_MS, ReaderThread
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["AsyncReaderFromReader", "ReaderFromAsyncReader"]


class AsyncReaderFromReader(Adapter, PluginAsyncMessageReader):
    """Iterates `source` in one thread and calls back from it, in order."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({**params, "receive_timeout_ms": inf if hasattr(self.source, "abilities") else SLICE_MS})
        self._on_message: OnMessage | None = None
        self._on_failure: OnFailure | None = None
        self._reader_thread = ReaderThread(
            self.inner,
            on_item=self._message,
            on_error=self._failure,
            closable_while_reading=hasattr(self.inner, "abilities"),
        )

    @property
    def on_message(self) -> OnMessage | None:
        return self._on_message

    @on_message.setter
    def on_message(self, callback: OnMessage | None) -> None:
        self._on_message = callback

    @property
    def on_failure(self) -> OnFailure | None:
        return self._on_failure

    @on_failure.setter
    def on_failure(self, callback: OnFailure | None) -> None:
        self._on_failure = callback

    def open(self) -> None:
        super().open()
        self._reader_thread.start()
        self._reader_thread.request(inf)

    def close(self) -> None:
        self._reader_thread.stop()

    def _message(self, payload: bytes, topic: str | None, raw: Any) -> None:
        if self._on_message is not None:
            self._on_message(payload, topic, raw)

    def _failure(self, error: Exception) -> None:
        if self._on_failure is not None:
            self._on_failure(error)


class ReaderFromAsyncReader(Adapter, PluginMessageReader):
    """Keeps the messages that `source` calls back with in a receive queue.

    A source that declares ACKNOWLEDGE bounds the queue by its window. Any other one is made to wait, in its callback,
    while a message is in the queue.
    """

    _QUEUE_SIZE = 1  # messages in the queue are lost in `close`

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._timeout = in_seconds(params.get("receive_timeout_ms", inf))
        self._queue_size = inf if Ability.ACKNOWLEDGE in getattr(self, "abilities", ()) else self._QUEUE_SIZE
        self._queue: deque[Item | Exception] = deque()
        self._lock, self._changed = lock_and_condition()
        self._closed = False

    def open(self) -> None:
        self.inner.on_message = self._message
        self.inner.on_failure = self._failure
        super().open()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._changed.notify_all()
        super().close()

    def __iter__(self) -> Iterator[Item]:
        while True:
            with self._lock:
                if not self._changed.wait_for(lambda: self._queue or self._closed, self._timeout) or self._closed:
                    return
                item = self._queue.popleft()
                self._changed.notify_all()
            if isinstance(item, Exception):
                raise item
            yield item

    def _message(self, payload: bytes, topic: str | None, raw: Any) -> None:
        self._add((payload, topic, raw))

    def _failure(self, error: Exception, traceback: object = None) -> None:
        self._add(error)

    def _add(self, item: Item | Exception) -> None:
        with self._lock:
            self._changed.wait_for(lambda: len(self._queue) < self._queue_size or self._closed)
            self._queue.append(item)
            self._changed.notify_all()
