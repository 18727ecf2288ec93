"""From the classes that are natural to a messaging system to the ones that are not.

A plugin writes two classes and derives the others:

    class LabAsyncReader(AsyncReaderFromReader):
        source = LabReader
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from sinetstream.clock import in_seconds
from sinetstream.errors import ConnectionError
from sinetstream.spi._late import Late
from sinetstream.spi._locks import lock_and_condition
from sinetstream.spi.abilities import Ability
from sinetstream.spi.feed import SLICE_MS, Feed
from sinetstream.spi.iteration import Item
from sinetstream.spi.plugin import (
    OnFailure,
    OnMessage,
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)

if TYPE_CHECKING:
    from sinetstream.spi.delivery import Delivery

__all__ = [
    "AsyncReaderFromReader",
    "AsyncWriterFromWriter",
    "ReaderFromAsyncReader",
    "WriterFromAsyncWriter",
    "derive",
]


_LAST_WORD_S = 0.5


class _Adapter:
    """Constructs `source` and passes on what both sides have in common."""

    source: ClassVar[type[Any]]

    def __init__(self, params: dict[str, Any]) -> None:
        self.inner = self.source(params)
        if hasattr(self.inner, "abilities"):
            self.abilities: frozenset[Ability] = self.inner.abilities
        self.max_pending_bytes: float = getattr(self.inner, "max_pending_bytes", inf)
        if hasattr(self.inner, "attributes"):
            self.attributes = self.inner.attributes

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        source = getattr(cls, "source", None)
        for name in ("abilities", "parameters", "encoded_parameters", "errors"):
            if hasattr(source, name) and name not in vars(cls):
                setattr(cls, name, getattr(source, name))

    def open(self) -> None:
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def acknowledge(self, raw: Any) -> None:
        self.inner.acknowledge(raw)

    def metrics(self) -> Any:
        return self.inner.metrics() if hasattr(self.inner, "metrics") else None

    def reset_metrics(self) -> None:
        if hasattr(self.inner, "reset_metrics"):
            self.inner.reset_metrics()

    def info(self, path: list[str], kwargs: Mapping[str, Any]) -> Any:
        return self.inner.info(path, kwargs) if hasattr(self.inner, "info") else None

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON:
            return getattr(self.inner, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


_PASSED_ON = frozenset(("seek_to_beginning", "seek_to_end", "seek_to_time", "timestamp_us", "transaction"))


def derive(adapter: type[Any], source: type[Any]) -> type[Any]:
    """The class that `adapter` makes of `source`, constructed with `params` like any plugin."""
    return type(f"{adapter.__name__}Of{source.__name__}", (adapter,), {"source": source})


class AsyncReaderFromReader(_Adapter, PluginAsyncMessageReader):
    """Iterates `source` in one thread and calls back from it, in order."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__({**params, "receive_timeout_ms": inf if hasattr(self.source, "abilities") else SLICE_MS})
        self._on_message: OnMessage | None = None
        self._on_failure: OnFailure | None = None
        self._feed = Feed(
            self.inner, on_item=self._message, on_error=self._failure, wakes=hasattr(self.inner, "abilities")
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
        self._feed.start()
        self._feed.allow(inf)

    def close(self) -> None:
        self._feed.stop()

    def _message(self, payload: bytes, topic: str | None, raw: Any) -> None:
        if self._on_message is not None:
            self._on_message(payload, topic, raw)

    def _failure(self, error: Exception) -> None:
        if self._on_failure is not None:
            self._on_failure(error)


class ReaderFromAsyncReader(_Adapter, PluginMessageReader):
    """Keeps what `source` calls back with until it is asked for.

    A source that declares ACKNOWLEDGE bounds that itself; the thread of any other waits while one waits here.
    """

    _ROOM = 1  # what waits here is lost in `close`

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._timeout = in_seconds(params.get("receive_timeout_ms", inf))
        self._room = inf if Ability.ACKNOWLEDGE in getattr(self, "abilities", ()) else self._ROOM
        self._arrived: deque[Item | Exception] = deque()
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
                if not self._changed.wait_for(lambda: self._arrived or self._closed, self._timeout) or self._closed:
                    return
                item = self._arrived.popleft()
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
            self._changed.wait_for(lambda: len(self._arrived) < self._room or self._closed)
            self._arrived.append(item)
            self._changed.notify_all()


class AsyncWriterFromWriter(_Adapter, PluginAsyncMessageWriter):
    """Publishes through `source` in one thread, in order.

    `close` leaves behind, after half a second, a thread whose `publish` the closing of `source` did not end.
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
                return Delivery.rejected(ConnectionError("the writer was closed before this message was sent"))
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
            delivery.fail(ConnectionError("the writer was closed before this message was sent"))
        super().close()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_LAST_WORD_S)

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


class WriterFromAsyncWriter(_Adapter, PluginMessageWriter):
    """Publishes through `source` and waits for its promise, at most `publish_timeout_ms`.

    What is not confirmed in time counts for `max_pending_bytes` until it is, and the next message waits for room.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._timeout = in_seconds(params.get("publish_timeout_ms", 30_000))
        self.max_pending_bytes = min(params.get("max_pending_bytes", inf), self.max_pending_bytes)
        self.late = Late()

    def publish(self, message: bytes, **attributes: Any) -> Any:
        timeout = self._timeout
        if self.late.kept:
            timeout = self.late.wait_for_room(len(message), self.max_pending_bytes, timeout)
        delivery = self.send(message, **attributes)
        try:
            return delivery.get(timeout)
        except BaseException:
            if delivery.is_pending:
                self.late.add(delivery, len(message))
            raise

    def send(self, message: bytes, **attributes: Any) -> Delivery[Any]:
        """Publish without waiting."""
        from sinetstream.spi.delivery import Delivery

        try:
            return Delivery.wrap(self.inner.publish(message, **attributes))
        except Exception as error:  # noqa: BLE001  every failure is the promise's
            return Delivery.rejected(error)
