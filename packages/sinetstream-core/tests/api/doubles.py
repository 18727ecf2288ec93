"""A messaging system that does what a test tells it, and remembers what was asked of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import inf
from typing import Any

from sinetstream import SINETStreamMessageEncoder, plugins
from sinetstream.spi import (
    Ability,
    Delivery,
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)

WAIT = 5.0
NONE: frozenset[Ability] = frozenset()
SAFE = frozenset((Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE))
INVALID = b"\x00 no message at all"

_encoder: SINETStreamMessageEncoder[bytes] = SINETStreamMessageEncoder(no_config=True)


def encoded(value: bytes, timestamp: float = 0) -> bytes:
    """The message that carries these bytes."""
    return _encoder.encode(value, timestamp)


def nothing() -> None:
    """What a hook does unless a test sets it."""


class LabError(Exception):
    """From the client library of the lab."""


class Lab:
    """One broker. Its plugin classes are made to measure and refer to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.params: list[dict[str, Any]] = []
        self.acknowledged: list[Any] = []
        self.published: list[bytes] = []
        self.attributes: list[dict[str, Any]] = []
        self.promises: list[Delivery[Any]] = []
        self.on_open = self.on_close = self.on_publish = self.on_construct = self.on_acknowledge = nothing
        self.incoming: deque[bytes | BaseException | None] = deque()
        self.changed = threading.Condition()
        self.taken = 0
        self.patience_ms = 20
        self._undo = ExitStack()

    def registered(self, **classes: type[Any]) -> Lab:
        """`type="lab"` means these classes."""
        self._undo.enter_context(plugins.register("lab", **classes))
        return self

    def undo(self) -> None:
        self._undo.close()

    def arrive(self, *items: bytes | BaseException | None) -> None:
        """Bytes are the value of a message, exceptions are raised by the iteration, None ends it."""
        self.arrive_raw(*(encoded(item) if isinstance(item, bytes) else item for item in items))

    def arrive_raw(self, *items: bytes | BaseException | None) -> None:
        with self.changed:
            self.incoming += items
            self.changed.notify_all()

    def reader(self, abilities: frozenset[Ability] | None = SAFE, **attributes: Any) -> type[Any]:
        return self._made(_Reader, abilities, attributes)

    def writer(self, abilities: frozenset[Ability] | None = SAFE, **attributes: Any) -> type[Any]:
        return self._made(_Writer, abilities, attributes)

    def async_reader(self, abilities: frozenset[Ability] | None = SAFE, **attributes: Any) -> type[Any]:
        return self._made(_AsyncReader, abilities, attributes)

    def async_writer(self, abilities: frozenset[Ability] | None = SAFE, **attributes: Any) -> type[Any]:
        """Its promises are in `promises`, in order, for the test to settle."""
        return self._made(_AsyncWriter, abilities, attributes)

    def _made(self, base: type[Any], abilities: frozenset[Ability] | None, attributes: dict[str, Any]) -> type[Any]:
        declared = {} if abilities is None else {"abilities": abilities}
        return type(base.__name__.strip("_"), (base,), {"lab": self, **declared, **attributes})


class _Plugin:
    common_parameters = frozenset({"tls"})
    lab: Lab

    def __init__(self, params: dict[str, Any]) -> None:
        self.lab.calls.append("construct")
        self.lab.params.append(params)
        self.lab.on_construct()
        self.given = params
        self.closed = False

    def open(self) -> None:
        self.lab.calls.append("open")
        self.lab.on_open()

    def close(self) -> None:
        self.lab.calls.append("close")
        with self.lab.changed:
            self.closed = True
            self.lab.changed.notify_all()
        self.lab.on_close()

    def metrics(self) -> Any:
        return {"calls": len(self.lab.calls)}

    def reset_metrics(self) -> None:
        self.lab.calls.append("reset_metrics")

    def info(self, path: list[str], kwargs: Any) -> Any:
        return path, dict(kwargs)

    def acknowledge(self, raw: Any) -> None:
        self.lab.on_acknowledge()
        self.lab.acknowledged.append(raw)

    def seek_to_beginning(self) -> None:
        self.lab.calls.append("seek_to_beginning")

    def seek_to_end(self) -> None:
        self.lab.calls.append("seek_to_end")

    def seek_to_time(self, timestamp_us: int) -> None:
        self.lab.calls.append(f"seek_to_time {timestamp_us}")

    def _next(self, timeout: float | None) -> tuple[bytes, str, int] | None:
        with self.lab.changed:
            self.lab.changed.wait_for(lambda: self.lab.incoming or self.closed, timeout)
            if self.closed or not self.lab.incoming:
                return None
            item = self.lab.incoming.popleft()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                return None
            self.lab.taken += 1
            return item, "topic-of-lab", self.lab.taken


class _Reader(_Plugin, PluginMessageReader):
    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        self.lab.calls.append("iter")
        timeout_ms = self.given["receive_timeout_ms"]
        while (item := self._next(None if timeout_ms == inf else timeout_ms / 1000)) is not None:
            yield item


class _AsyncReader(_Plugin, PluginAsyncMessageReader):
    on_message = None
    on_failure = None

    def open(self) -> None:
        super().open()
        self._thread = threading.Thread(target=self._call_back, name="lab-network")
        self._thread.start()

    def close(self) -> None:
        super().close()
        self._thread.join()

    def _call_back(self) -> None:
        while not self.closed:
            try:
                item = self._next(None)
            except Exception as error:  # noqa: BLE001
                assert self.on_failure is not None
                self.on_failure(error, None)
            else:
                if item is not None:
                    assert self.on_message is not None
                    self.on_message(*item)


class _Writer(_Plugin, PluginMessageWriter):
    def publish(self, message: bytes, **attributes: Any) -> Any:
        self.lab.on_publish()
        self.lab.published.append(message)
        self.lab.attributes.append(attributes)
        return len(self.lab.published)


class _AsyncWriter(_Plugin, PluginAsyncMessageWriter):
    def publish(self, message: bytes, **attributes: Any) -> Any:
        self.lab.on_publish()
        promise: Delivery[Any] = Delivery()
        self.lab.published.append(message)
        self.lab.attributes.append(attributes)
        self.lab.promises.append(promise)
        return promise


def raising(error: BaseException) -> Callable[[], None]:
    """A hook that raises."""

    def hook() -> None:
        raise error

    return hook


def raising_once(error: BaseException) -> Callable[[], None]:
    """A hook that raises the first time."""
    errors = [error]

    def hook() -> None:
        if errors:
            raise errors.pop()

    return hook


def in_thread(call: Callable[[], Any]) -> Callable[[], Any]:
    """Begin a call in a thread; the result waits for it, and returns or raises what it did."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend((call(), None))
        except BaseException as error:  # noqa: BLE001
            outcome.extend((None, error))

    thread = threading.Thread(target=run, name="of-the-test", daemon=True)
    thread.start()

    def result() -> Any:
        thread.join(WAIT)
        assert not thread.is_alive()
        if outcome[1] is not None:
            raise outcome[1]
        return outcome[0]

    return result


class Gate:
    """A hook that waits until it is opened, and tells that somebody waits."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(WAIT)

    def wait_reached(self) -> None:
        assert self.reached.wait(WAIT)


def until(condition: Callable[[], object]) -> None:
    """Wait for what no event tells of."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
