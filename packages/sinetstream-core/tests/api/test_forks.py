"""A forked child is refused what its parent has open, and does nothing to it; the parent goes on."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageReader,
    AsyncMessageWriter,
    MessageReader,
    MessageWriter,
    NotOpenError,
    aio,
)

from .doubles import WAIT, Lab

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]

COMMON: dict[str, Any] = {"type": "lab", "no_config": True, "consistency": AT_LEAST_ONCE}


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab()
    lab.registered(
        reader=lab.reader(), writer=lab.writer(), async_reader=lab.async_reader(), async_writer=lab.async_writer()
    )
    yield lab
    lab.undo()


def said_in_child(work: Callable[[], object]) -> str:
    """What a child says that did this: the error, or the result; "hangs" where it did not end."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            try:
                said = str(work())
            except BaseException as error:  # noqa: BLE001  it is the answer
                said = f"{type(error).__name__}: {error}"
            os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    ended = threading.Thread(target=os.waitpid, args=(child, 0))
    ended.start()
    ended.join(WAIT)
    if ended.is_alive():
        os.kill(child, 9)
        ended.join()
        os.close(out)
        return "hangs"
    with os.fdopen(out, "rb") as answer:
        return answer.read().decode()


def refused(what: str) -> str:
    return f"NotOpenError: this {what} was opened before this process was forked: open one in the child instead"


@contextmanager
def held(lock: Any) -> Iterator[None]:
    """By another thread, which is not in the child."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait()

    holding = threading.Thread(target=hold)
    holding.start()
    taken.wait()
    try:
        yield
    finally:
        done.set()
        holding.join()


@pytest.mark.parametrize("make", [MessageWriter, AsyncMessageWriter])
def test_a_child_cannot_publish(lab: Lab, make: Callable[..., Any]) -> None:
    with make(topic="t", **COMMON) as writer:
        assert refused("writer") == said_in_child(lambda: (writer.publish(b"x"), lab.published))
        assert refused("writer") == said_in_child(lambda: writer.publish_many([b"x"]))

        writer.publish(b"parent")
        assert 1 == len(lab.published)
        for promise in lab.promises:
            promise.fulfil(None)


def test_a_child_cannot_read(lab: Lab) -> None:
    lab.arrive(b"1")
    with MessageReader(topics="t", **COMMON) as reader:
        assert refused("reader") == said_in_child(lambda: next(reader))
        assert refused("reader") == said_in_child(lambda: [message.value for message in reader])

        assert b"1" == next(reader).value


def test_a_loop_that_forks_is_told_in_the_child(lab: Lab) -> None:
    lab.arrive(b"1", b"2")
    with MessageReader(topics="t", **COMMON) as reader:
        for message in reader:
            assert refused("reader") == said_in_child(lambda: [other.value for other in reader])
            assert refused("reader") == said_in_child(lambda: next(reader))
            if message.value == b"2":
                break


@pytest.mark.parametrize("make", [MessageReader, AsyncMessageReader])
def test_closing_and_collecting_a_reader_in_the_child_does_nothing(lab: Lab, make: Callable[..., Any]) -> None:
    check_closing(lab, make(topics="t", **COMMON).open())


@pytest.mark.parametrize("make", [MessageWriter, AsyncMessageWriter])
def test_closing_and_collecting_a_writer_in_the_child_does_nothing(lab: Lab, make: Callable[..., Any]) -> None:
    check_closing(lab, make(topic="t", **COMMON).open())


def check_closing(lab: Lab, endpoint: Any) -> None:
    lab.calls.clear()

    def close_and_collect() -> object:
        endpoint.close()
        vars(endpoint).clear()
        gc.collect()
        return lab.calls

    assert "[]" == said_in_child(close_and_collect)
    assert [] == lab.calls
    endpoint.close()
    assert ["close"] == lab.calls


def test_the_childs_own_opening_of_the_same_object_works(lab: Lab) -> None:
    with MessageWriter(topic="t", **COMMON) as writer:

        def use() -> object:
            lab.calls.clear()
            with writer:
                writer.publish(b"x")
            return lab.calls, len(lab.published)

        assert "(['construct', 'open', 'close'], 1)" == said_in_child(use)
        lab.calls.clear()
    assert ["close"] == lab.calls


def test_what_was_never_open_says_so_in_the_child_too(lab: Lab) -> None:
    writer: MessageWriter[bytes] = MessageWriter(topic="t", **COMMON)
    writer.open().close()

    assert "is not open: call open()" in said_in_child(lambda: writer.publish(b"x"))


def test_a_thread_of_the_parent_that_holds_a_lock_does_not_stop_the_child(lab: Lab) -> None:
    with MessageWriter(topic="t", **COMMON) as writer, held(writer._session._lock), held(writer._session.meter._lock):

        def use() -> object:
            writer.close()
            return writer.metrics.msg_count_total

        assert "0" == said_in_child(use)


def test_a_child_of_an_asyncio_program_is_told(lab: Lab) -> None:
    async def main() -> list[str]:
        async with aio.MessageReader(topics="t", **COMMON) as reader, aio.MessageWriter(topic="t", **COMMON) as writer:
            return [
                said_in_child(lambda: writer.publish(b"x").send(None)),
                said_in_child(lambda: reader.__anext__().send(None)),
            ]

    assert [refused("writer"), refused("reader")] == asyncio.run(main())


def test_the_error_is_one_that_says_nothing_was_sent(lab: Lab) -> None:
    with MessageWriter(topic="t", **COMMON) as writer:

        def outcome() -> object:
            try:
                writer.publish(b"x")
            except NotOpenError as error:
                return error.outcome
            return "published"

        assert "not_sent" == said_in_child(outcome)
