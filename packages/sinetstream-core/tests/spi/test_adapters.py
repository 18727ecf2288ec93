"""The adapters, as a plugin author uses them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from math import inf
from typing import Any, ClassVar

import pytest
from sinetstream.errors import ConnectionError, PublishTimeoutError, SinetError
from sinetstream.spi import (
    Ability,
    AsyncReaderFromReader,
    AsyncWriterFromWriter,
    Delivery,
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
    ReaderFromAsyncReader,
    WriterFromAsyncWriter,
)
from sinetstream.spi.adapters import derive

WAIT = 5.0
ACK = frozenset((Ability.ACKNOWLEDGE, Ability.SEEK))


class Lines(PluginMessageReader):
    """Yields what is put into `items`; None ends."""

    abilities = ACK
    parameters = frozenset(("file",))
    encoded_parameters = ("type_spec.will",)
    errors: ClassVar[Any] = {OSError: ConnectionError}

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.calls: list[Any] = []

    def open(self) -> None:
        self.calls.append("open")
        if self.params.get("fail"):
            raise OSError("no")

    def close(self) -> None:
        self.calls.append("close")
        self.items.put(None)

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        while (item := self.items.get(timeout=WAIT)) is not None:
            if isinstance(item, Exception):
                raise item
            yield item, "t", item

    def acknowledge(self, raw: Any) -> None:
        self.calls.append(raw)

    def attributes(self, raw: Any) -> Any:
        return raw, {}

    def metrics(self) -> Any:
        return "metrics"

    def reset_metrics(self) -> None:
        self.calls.append("reset")

    def info(self, path: list[str], kwargs: Any) -> Any:
        return path

    def seek_to_end(self) -> None:
        self.calls.append("seek")


class Calls(PluginAsyncMessageReader):
    """The test calls back."""

    on_message: Any = None
    on_failure: Any = None

    def __init__(self, params: dict[str, Any]) -> None:
        self.calls: list[Any] = []

    def open(self) -> None:
        assert self.on_message is not None
        self.calls.append("open")

    def close(self) -> None:
        self.calls.append("close")

    def acknowledge(self, raw: Any) -> None:
        self.calls.append(raw)


class Sink(PluginMessageWriter):
    abilities = frozenset((Ability.KEY,))

    def __init__(self, params: dict[str, Any]) -> None:
        self.sent: list[Any] = []
        self.gate = threading.Event()
        self.gate.set()

    def open(self) -> None: ...

    def close(self) -> None:
        self.gate.set()

    def publish(self, message: bytes, **attributes: Any) -> Any:
        assert self.gate.wait(WAIT)
        if message == b"bad":
            raise OSError("bad")
        self.sent.append((message, attributes))
        return len(self.sent)


class Later(PluginAsyncMessageWriter):
    def __init__(self, params: dict[str, Any]) -> None:
        self.promises: list[Delivery[Any]] = []

    def open(self) -> None: ...
    def close(self) -> None: ...

    def publish(self, message: bytes, **attributes: Any) -> Any:
        if message == b"bad":
            raise OSError("bad")
        self.promises.append(Delivery())
        return self.promises[-1]


class LinesCallingBack(AsyncReaderFromReader):
    source = Lines


class CallsInTurn(ReaderFromAsyncReader):
    source = Calls


class PromisingSink(AsyncWriterFromWriter):
    source = Sink


class WaitingLater(WriterFromAsyncWriter):
    source = Later


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("cls", "base"),
    [
        (LinesCallingBack, PluginAsyncMessageReader),
        (CallsInTurn, PluginMessageReader),
        (PromisingSink, PluginAsyncMessageWriter),
        (WaitingLater, PluginMessageWriter),
    ],
)
def test_a_derived_class_is_a_plugin_of_its_kind(cls: type[Any], base: type[Any]) -> None:
    assert issubclass(cls, base)
    assert not cls.__abstractmethods__


def test_a_derived_class_declares_what_its_source_declares() -> None:
    assert (ACK, Lines.parameters, Lines.encoded_parameters, Lines.errors) == (
        vars(LinesCallingBack)["abilities"],
        LinesCallingBack.parameters,
        LinesCallingBack.encoded_parameters,
        LinesCallingBack.errors,
    )
    assert not hasattr(CallsInTurn, "abilities")
    assert not hasattr(CallsInTurn({}), "abilities")
    assert ACK == derive(AsyncReaderFromReader, Lines).abilities


def test_what_a_derived_class_declares_itself_counts() -> None:
    class Own(AsyncReaderFromReader):
        source = Lines
        errors: ClassVar[Any] = {KeyError: SinetError}

    assert {KeyError: SinetError} == Own.errors


def test_abilities_that_follow_from_the_parameters_are_passed_on() -> None:
    class Chosen(Sink):
        def __init__(self, params: dict[str, Any]) -> None:
            super().__init__(params)
            self.abilities = frozenset(params["abilities"])

    cls = derive(AsyncWriterFromWriter, Chosen)

    assert {Ability.HEADERS} == cls({"abilities": [Ability.HEADERS]}).abilities


def test_calls_that_both_sides_have_are_passed_on() -> None:
    adapter: Any = LinesCallingBack({})
    adapter.acknowledge("raw")
    adapter.seek_to_end()
    adapter.reset_metrics()

    assert ["raw", "seek", "reset"] == adapter.inner.calls
    assert ("metrics", ["a"], ("raw", {})) == (adapter.metrics(), adapter.info(["a"], {}), adapter.attributes("raw"))
    with pytest.raises(AttributeError, match="no attribute 'seek_to_the_moon'"):
        adapter.seek_to_the_moon()


def test_a_source_without_metrics_and_info_has_none() -> None:
    class Bare:
        def __init__(self, params: dict[str, Any]) -> None: ...
        def open(self) -> None: ...
        def close(self) -> None: ...
        def publish(self, message: bytes) -> None: ...

    adapter = derive(AsyncWriterFromWriter, Bare)({})
    adapter.reset_metrics()

    assert (None, None) == (adapter.metrics(), adapter.info([], {}))


def test_a_reader_calls_back_in_order_on_one_thread() -> None:
    adapter = LinesCallingBack({"receive_timeout_ms": 5})
    got: queue.SimpleQueue[Any] = queue.SimpleQueue()
    adapter.on_message = lambda payload, topic, raw: got.put((payload, topic, raw, threading.current_thread()))
    adapter.on_failure = got.put
    adapter.open()
    error = ValueError()
    for item in (b"1", b"2", error, b"3"):
        adapter.inner.items.put(item)
    first, second, third, fourth = (got.get(timeout=WAIT) for _ in range(4))
    adapter.close()

    assert [(b"1", "t", b"1"), (b"2", "t", b"2"), error, (b"3", "t", b"3")] == [
        first[:3],
        second[:3],
        third,
        fourth[:3],
    ]
    assert first[3] is second[3] is fourth[3]
    assert not first[3].is_alive()
    assert inf == adapter.inner.params["receive_timeout_ms"]
    assert ["open", "close"] == adapter.inner.calls


def test_a_reader_that_cannot_be_woken_is_iterated_in_slices() -> None:
    class Bare:
        def __init__(self, params: dict[str, Any]) -> None:
            self.params = params

    assert 500 == derive(AsyncReaderFromReader, Bare)({}).inner.params["receive_timeout_ms"]


def test_a_reader_that_failed_to_open_can_be_closed() -> None:
    adapter = LinesCallingBack({"fail": True})
    with pytest.raises(OSError, match="no"):
        adapter.open()
    adapter.close()

    assert ["open", "close"] == adapter.inner.calls


def test_an_async_reader_is_iterated_in_the_order_of_its_calls() -> None:
    adapter = CallsInTurn({"receive_timeout_ms": 50})
    adapter.open()
    error: Any = ValueError("hiccup")

    def call_back() -> None:
        adapter.inner.on_message(b"1", "t", 1)
        adapter.inner.on_failure(error, None)
        adapter.inner.on_failure(error)
        adapter.inner.on_message(b"2", "t", 2)

    thread = threading.Thread(target=call_back)
    thread.start()

    assert (b"1", "t", 1) == next(iter(adapter))
    for _ in range(2):
        with pytest.raises(ValueError, match="hiccup"):
            next(iter(adapter))
    assert [(b"2", "t", 2)] == list(adapter)
    adapter.close()
    assert [] == list(adapter)
    thread.join(WAIT)


def test_close_ends_an_iteration_that_waits() -> None:
    adapter = CallsInTurn({})
    adapter.open()
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(list(adapter)))
    thread.start()
    adapter.close()
    thread.join(WAIT)

    assert [[]] == ended


def test_the_thread_of_an_async_reader_waits_until_what_it_gave_is_asked_for() -> None:
    adapter = CallsInTurn({})
    adapter.open()
    done: list[int] = []

    def call_back() -> None:
        for i in range(100):
            adapter.inner.on_message(b"", "t", i)
            done.append(i)

    thread = threading.Thread(target=call_back)
    thread.start()
    until(lambda: len(done) == 1)
    it = iter(adapter)
    for _ in range(50):
        next(it)
    until(lambda: len(done) == 51)
    adapter.close()
    thread.join(WAIT)

    assert not thread.is_alive()


def test_a_source_that_bounds_what_is_unfinished_is_not_kept_waiting() -> None:
    class Acknowledging(Calls):
        abilities = ACK

    adapter = derive(ReaderFromAsyncReader, Acknowledging)({})
    adapter.open()
    for i in range(100):
        adapter.inner.on_message(b"", "t", i)
    first = next(iter(adapter))
    adapter.acknowledge(first[2])

    assert ["open", 0] == adapter.inner.calls
    adapter.close()


def test_a_writer_publishes_in_order_and_promises() -> None:
    adapter = PromisingSink({})
    adapter.open()
    first = adapter.publish(b"1", key=b"k")
    bad = adapter.publish(b"bad")
    last = adapter.publish(b"2")

    assert (1, 2) == (first.get(WAIT), last.get(WAIT))
    with pytest.raises(OSError, match="bad"):
        bad.get(WAIT)
    assert [(b"1", {"key": b"k"}), (b"2", {})] == adapter.inner.sent
    adapter.close()


@pytest.mark.parametrize("timeout", [10_000, inf])
def test_closing_a_writer_rejects_what_it_has_not_begun_and_ends_its_thread(timeout: float) -> None:
    adapter = PromisingSink({"close_timeout_ms": timeout})
    adapter.open()
    adapter.inner.gate.clear()
    begun = adapter.publish(b"1")
    until(lambda: not adapter._waiting)
    waiting = adapter.publish(b"2")
    adapter.close()

    assert 1 == begun.get(WAIT)
    for delivery in (waiting, adapter.publish(b"3")):
        with pytest.raises(ConnectionError, match="before this message was sent"):
            delivery.get(0)
    assert not adapter._thread.is_alive()


def test_a_writer_that_never_opened_can_be_closed() -> None:
    PromisingSink({}).close()


def test_waiting_for_a_promise_gives_its_value_or_raises_its_error() -> None:
    adapter = WaitingLater({"publish_timeout_ms": 20})
    adapter.open()
    with pytest.raises(PublishTimeoutError):
        adapter.publish(b"1")
    with pytest.raises(OSError, match="bad"):
        adapter.publish(b"bad")
    delivery = adapter.send(b"2")
    adapter.inner.promises[1].fulfil("taken")

    assert "taken" == delivery.get(0)
    adapter.close()
