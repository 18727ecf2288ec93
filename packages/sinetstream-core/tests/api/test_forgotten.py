"""Readers and writers that nothing refers to any more are closed, and the program is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter, aio

from .doubles import WAIT, Lab

COMMON: dict[str, Any] = {"type": "lab", "no_config": True, "consistency": AT_LEAST_ONCE}


def wait_for_thread(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(WAIT)


@contextmanager
def told_and_closed(lab: Lab) -> Iterator[threading.Event]:
    """What is forgotten in the block is closed when it ends, and a ResourceWarning names it. Gives what tells of closing."""
    closed = threading.Event()
    lab.on_close = closed.set
    with pytest.warns(ResourceWarning, match=r"of t \(lab\) was not closed"):  # noqa: PT031  another thread warns
        yield closed
        gc.collect()
        assert closed.wait(WAIT)
        wait_for_thread("sinetstream-close")


def forget(lab: Lab, make: Callable[[], object], caplog: pytest.LogCaptureFixture) -> None:
    """Drop what `make` opened; returns when it is closed, and checks what was said."""
    with told_and_closed(lab):
        make()
        wait_for_thread("sinetstream-aio")  # it has opened the endpoint, and refers to it
    assert [record.levelno for record in caplog.records if "was not closed" in record.message] == [logging.WARNING]


def test_a_forgotten_reader_is_closed(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.registered(reader=lab.reader())

    forget(lab, lambda: MessageReader(topics="t", **COMMON).open(), caplog)


def test_a_forgotten_writer_is_closed(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.registered(writer=lab.writer())

    forget(lab, lambda: MessageWriter(topic="t", **COMMON).open(), caplog)


def test_a_forgotten_asyncio_reader_is_closed(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.registered(reader=lab.reader())

    async def make() -> object:
        return await aio.MessageReader(topics="t", **COMMON).open()

    forget(lab, lambda: asyncio.run(make()), caplog)


def test_pending_publishes_of_a_forgotten_writer_are_confirmed(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.registered(async_writer=lab.async_writer())
    confirmed: list[Any] = []

    with told_and_closed(lab) as closed:
        writer = AsyncMessageWriter(topic="t", **COMMON).open()
        writer.publish(b"x").then(confirmed.append)
        del writer
        gc.collect()
        assert not closed.is_set()
        lab.promises[0].fulfil("here")

    assert ["here"] == confirmed


def test_a_loop_holds_its_reader(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    lab.arrive(b"1", b"2", None)
    got = []

    with told_and_closed(lab) as closed:
        for message in MessageReader(topics="t", **COMMON).open():
            gc.collect()
            got.append(message.value)
            assert not closed.is_set()

    assert [b"1", b"2"] == got


def test_a_forgotten_reader_that_calls_back_goes_on(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    arrived = threading.Event()
    got: list[Any] = []

    def on_message(message: Any) -> None:
        got.append(message.value)
        if len(got) == 2:
            arrived.set()

    reader: AsyncMessageReader[bytes] = AsyncMessageReader(topics="t", **COMMON)
    reader.on_message = on_message
    reference = weakref.ref(reader.open())
    del reader
    gc.collect()
    lab.arrive(b"1", b"2")

    assert arrived.wait(WAIT)
    assert "close" not in lab.calls
    forgotten = reference()
    assert forgotten is not None
    forgotten.close()


def test_collecting_waits_for_no_lock_of_logging(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    lock = threading.Lock()

    class Locked(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with lock:
                pass

    handler = Locked()
    logging.getLogger("sinetstream").addHandler(handler)
    try:
        with told_and_closed(lab):
            reader = MessageReader(topics="t", **COMMON).open()
            with lock:
                del reader
                gc.collect()
    finally:
        logging.getLogger("sinetstream").removeHandler(handler)
