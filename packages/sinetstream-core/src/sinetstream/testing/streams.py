"""Reading and writing through each kind of API in the same words."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal

from sinetstream import NotOpenError, SinetError
from sinetstream.testing.received import Received
from sinetstream.testing.trial import Trial
from sinetstream.testing.waiting import Call, within

__all__ = ["KINDS", "Kind", "publish", "receiving"]

Kind = Literal["sync", "async", "asyncio"]
KINDS: tuple[Kind, ...] = ("sync", "async", "asyncio")

_SLICE_MS = 50


def publish(kind: Kind, trial: Trial, values: Sequence[Any], **more: Any) -> None:
    """Publish in order and return when all are final: one by one, with promises, or in asyncio."""
    _PUBLISH[kind](trial, values, more)


def _one_by_one(trial: Trial, values: Sequence[Any], more: dict[str, Any]) -> None:
    trial.send(values, **more)


def _with_promises(trial: Trial, values: Sequence[Any], more: dict[str, Any]) -> None:
    with trial.async_writer(**more) as writer:
        for promise in [writer.publish(value, **trial.keyed) for value in values]:
            promise.get(trial.patience_s)


def _in_asyncio(trial: Trial, values: Sequence[Any], more: dict[str, Any]) -> None:
    async def main() -> None:
        async with asyncio.timeout(2 * trial.patience_s), trial.aio_writer(**more) as writer:
            await asyncio.gather(*(writer.publish(value, **trial.keyed) for value in values))

    asyncio.run(main())


_PUBLISH: dict[Kind, Callable[[Trial, Sequence[Any], dict[str, Any]], None]] = {
    "sync": _one_by_one,
    "async": _with_promises,
    "asyncio": _in_asyncio,
}


@contextmanager
def receiving(kind: Kind, trial: Trial, **more: Any) -> Iterator[Received]:
    """A reader is open in this block, and what it gives is collected until the block is left."""
    with _RECEIVING[kind](trial, more) as received:
        yield received


@contextmanager
def _iterated(trial: Trial, more: dict[str, Any]) -> Iterator[Received]:
    received = Received(trial.patience_s)
    stopping = threading.Event()
    reader = trial.reader(**{"receive_timeout_ms": _SLICE_MS} | more)

    def run() -> None:
        while not stopping.is_set():
            try:
                for message in reader:
                    received.add(message)
                    if stopping.is_set():
                        return
            except NotOpenError:
                return
            except SinetError as error:
                received.fail(error)
                stopping.wait(0.01)

    within(2 * trial.patience_s, "MessageReader.open", reader.open)
    reading = Call("reading", run)
    try:
        yield received
    finally:
        stopping.set()
        if trial.declared.closable_while_reading:
            within(2 * trial.patience_s, "MessageReader.close", reader.close)
        reading.result(2 * trial.patience_s)
        reader.close()


@contextmanager
def _calling_back(trial: Trial, more: dict[str, Any]) -> Iterator[Received]:
    received = Received(trial.patience_s)
    reader = trial.async_reader(**more)
    reader.on_message = received.add
    reader.on_failure = received.fail
    within(2 * trial.patience_s, "AsyncMessageReader.open", reader.open)
    try:
        yield received
    finally:
        within(2 * trial.patience_s, "AsyncMessageReader.close", reader.close)


@contextmanager
def _awaited(trial: Trial, more: dict[str, Any]) -> Iterator[Received]:
    received = Received(trial.patience_s)
    opened: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def read() -> None:
        stop = asyncio.Event()
        async with trial.aio_reader(**more) as reader:
            opened.append((asyncio.get_running_loop(), stop))
            ready.set()
            stopped, reading = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(iterate(reader))
            await asyncio.wait((stopped, reading), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def iterate(reader: Any) -> None:
        while True:
            try:
                async for message in reader:
                    received.add(message)
            except SinetError as error:
                received.fail(error)
                await asyncio.sleep(0)

    def run() -> None:
        try:
            asyncio.run(read())
        finally:
            ready.set()

    reading = Call("reading in asyncio", run)
    ready.wait(2 * trial.patience_s)
    if not opened:
        reading.result(0.1)  # raises what it raised, or says that it blocks
    try:
        yield received
    finally:
        loop, stop = opened[0]
        with suppress(RuntimeError):  # it has ended
            loop.call_soon_threadsafe(stop.set)
        reading.result(2 * trial.patience_s)


_RECEIVING: dict[Kind, Any] = {"sync": _iterated, "async": _calling_back, "asyncio": _awaited}
