"""Plugins that were written to the published guide, or that have some of the four groups alone."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, combinations
from math import inf
from typing import Any

import promise
import pytest
from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter, aio
from sinetstream.errors import UnsupportedServiceTypeError

from .doubles import WAIT, Lab, in_thread, until

queues: dict[str, queue.Queue[bytes]] = defaultdict(queue.Queue)
library: Any = promise.Promise


@pytest.fixture(autouse=True)
def empty_queues() -> None:
    queues.clear()


class GuideWriter:
    def __init__(self, params: dict[str, Any]) -> None:
        self._topic = params.get("topic")

    def open(self) -> None:
        self._queue: Any = queues[str(self._topic)]

    def close(self) -> None:
        self._queue = None

    def publish(self, value: bytes) -> None:
        self._queue.put(value)


class GuideReader:
    def __init__(self, params: dict[str, Any]) -> None:
        self._topic = params.get("topic")
        timeout_ms = params.get("receive_timeout_ms", inf)
        self._timeout = timeout_ms / 1000.0 if timeout_ms != inf else None

    def open(self) -> None:
        self._queue: Any = queues[str(self._topic)]

    def close(self) -> None:
        self._queue = None

    def __iter__(self) -> Iterator[tuple[bytes, Any, Any]]:
        while True:
            try:
                value = self._queue.get(timeout=self._timeout)
                yield value, self._topic, value
            except queue.Empty:
                raise StopIteration  # noqa: B904, PLR1708  as the guide has it


class GuideAsyncWriter(GuideWriter):
    def open(self) -> None:
        super().open()
        self._executor = ThreadPoolExecutor()

    def close(self) -> None:
        self._executor.shutdown()
        super().close()

    def publish(self, value: bytes) -> Any:
        return library.cast(self._executor.submit(lambda: self._queue.put(value)))


class GuideAsyncReader:
    def __init__(self, params: dict[str, Any]) -> None:
        self._topic = str(params.get("topic"))
        self._on_message: Any = None
        self._on_failure: Any = None
        self._closed = True

    def open(self) -> None:
        self._queue = queues[self._topic]
        self._executor = ThreadPoolExecutor(max_workers=1)
        self._closed = False
        self._future = self._executor.submit(self._reader_loop)

    def _reader_loop(self) -> None:
        while not self._closed:
            try:
                value = self._queue.get(timeout=0.01)
            except queue.Empty:
                continue
            if self._on_message is not None:
                self._on_message(value, self._topic, value)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._executor.shutdown()

    @property
    def on_message(self) -> Any:
        return self._on_message

    @on_message.setter
    def on_message(self, on_message: Any) -> None:
        self._on_message = on_message

    @property
    def on_failure(self) -> Any:
        return self._on_failure

    @on_failure.setter
    def on_failure(self, on_failure: Any) -> None:
        self._on_failure = on_failure


GUIDE: dict[str, type[Any]] = {
    "reader": GuideReader,
    "writer": GuideWriter,
    "async_reader": GuideAsyncReader,
    "async_writer": GuideAsyncWriter,
}
SUBSETS = list(chain.from_iterable(combinations(GUIDE, n) for n in range(1, 5)))
VALUES = [b"%d" % i for i in range(20)]
COMMON: dict[str, Any] = {"type": "lab", "no_config": True}


def written_sync() -> None:
    with MessageWriter[bytes](topic="t", **COMMON) as it:
        for value in VALUES:
            it.publish(value)


def written_promising() -> None:
    with AsyncMessageWriter[bytes](topic="t", **COMMON) as it:
        for delivery in [it.publish(value) for value in VALUES]:
            delivery.get(WAIT)


def written_aio() -> None:
    async def main() -> None:
        async with aio.MessageWriter[bytes](topic="t", **COMMON) as it:
            await it.publish_many(VALUES)

    asyncio.run(main())


def read_sync() -> list[bytes]:
    with MessageReader[bytes](topics="t", receive_timeout_ms=250, **COMMON) as it:
        return [message.value for message in it]


def read_calling_back() -> list[bytes]:
    got: list[bytes] = []
    it = AsyncMessageReader[bytes](topics="t", **COMMON)
    it.on_message = lambda message: got.append(message.value)
    with it:
        until(lambda: len(got) == len(VALUES))
    return got


def read_aio() -> list[bytes]:
    async def main() -> list[bytes]:
        async with aio.MessageReader[bytes](topics="t", receive_timeout_ms=250, **COMMON) as it:
            return [message.value async for message in it]

    return asyncio.run(main())


@pytest.mark.parametrize("groups", [("writer",), ("async_writer",), ("writer", "async_writer")], ids="+".join)
@pytest.mark.parametrize("written", [written_sync, written_promising, written_aio])
def test_every_writer_works_with_whichever_writing_group_there_is(lab: Lab, groups: Any, written: Any) -> None:
    lab.registered(**{group: GUIDE[group] for group in groups})
    written()
    lab.undo()
    lab.registered(reader=GuideReader)

    assert set(VALUES) == set(read_sync())


@pytest.mark.parametrize("groups", [("reader",), ("async_reader",), ("reader", "async_reader")], ids="+".join)
@pytest.mark.parametrize("read", [read_sync, read_calling_back, read_aio])
def test_every_reader_works_with_whichever_reading_group_there_is(lab: Lab, groups: Any, read: Any) -> None:
    with lab.registered(writer=GuideWriter)._undo:
        written_sync()
    lab.registered(**{group: GUIDE[group] for group in groups})

    assert VALUES == read()


@pytest.mark.parametrize("groups", SUBSETS, ids="+".join)
def test_of_any_subset_of_the_groups_what_can_be_derived_is_there(lab: Lab, groups: Any) -> None:
    lab.registered(**{group: GUIDE[group] for group in groups})
    classes: dict[str, list[type[Any]]] = {
        "reader": [MessageReader, AsyncMessageReader, aio.MessageReader],
        "writer": [MessageWriter, AsyncMessageWriter, aio.MessageWriter],
    }
    for role, ours in classes.items():
        for cls in ours:
            if any(role in group for group in groups):
                cls(topic="t", **COMMON)
            else:
                with pytest.raises(UnsupportedServiceTypeError):
                    cls(topic="t", **COMMON)


@pytest.mark.parametrize("groups", [("reader",), ("async_reader",), ("reader", "async_reader")], ids="+".join)
@pytest.mark.parametrize("cls", [MessageWriter, AsyncMessageWriter, aio.MessageWriter])
def test_a_writer_of_a_plugin_that_only_reads_is_refused_saying_so(lab: Lab, groups: Any, cls: type[Any]) -> None:
    lab.registered(**{group: GUIDE[group] for group in groups})

    with pytest.raises(UnsupportedServiceTypeError, match=f"only in .*sinetstream.{groups[0]}"):
        cls(topic="t", **COMMON)


@pytest.mark.parametrize("cls", [MessageReader, AsyncMessageReader, aio.MessageReader])
def test_a_reader_of_a_plugin_that_only_writes_is_refused_saying_so(lab: Lab, cls: type[Any]) -> None:
    lab.registered(async_writer=GuideAsyncWriter)

    with pytest.raises(UnsupportedServiceTypeError, match=r"only in sinetstream\.async_writer"):
        cls(topics="t", **COMMON)


def test_the_guides_stop_iteration_within_a_generator_is_the_end_it_was_meant_as(lab: Lab) -> None:
    lab.registered(reader=GuideReader)
    with MessageReader[bytes](topics="t", receive_timeout_ms=5, **COMMON) as it:
        assert [] == list(it)
        queues["t"].put(b"\x00")
        assert 0 == it.metrics.error_count_total


@pytest.mark.parametrize("group", ["reader", "async_reader"])
def test_close_is_prompt_where_a_thread_of_ours_iterates(lab: Lab, group: str) -> None:
    lab.registered(**{group: GUIDE[group]})
    it = AsyncMessageReader[bytes](topics="t", **COMMON)
    it.on_message = print
    it.open()
    before = threading.active_count()
    in_thread(it.close)()

    assert threading.active_count() < before


def test_a_blocked_reader_of_the_guide_hands_out_what_comes_after_close(lab: Lab) -> None:
    lab.registered(reader=GuideReader, writer=GuideWriter)
    it = MessageReader[bytes](topics="t", **COMMON).open()
    waiting = in_thread(lambda: [message.value for message in it])
    until(lambda: not hasattr(it, "_turn"))
    it.close()
    written_sync()

    assert VALUES[:1] == waiting()


class Structural:
    """Inherits nothing, sets what it needs in `__init__`, and its instances are false."""

    def __init__(self, params: dict[str, Any]) -> None:
        Structural.constructed += 1
        self.on_message = None
        self.on_failure = None

    constructed = 0

    def __len__(self) -> int:
        return 0

    def open(self) -> None: ...

    def close(self) -> None: ...


def test_a_plugin_may_be_false_and_set_its_callbacks_in_its_constructor(lab: Lab) -> None:
    lab.registered(async_reader=Structural)
    with MessageReader[bytes](topics="t", receive_timeout_ms=0, **COMMON) as it:
        assert [] == list(it)

    assert 1 == Structural.constructed
