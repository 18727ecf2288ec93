"""Programs that end without `close`: `python with_exits.py PROGRAM` runs one of the functions here. See test_exits.py."""

import logging
import multiprocessing
import os
import sys
import threading
from typing import Any

from sinetstream import AT_LEAST_ONCE, AsyncMessageWriter, MessageWriter, aio, plugins
from sinetstream.spi import Ability, Delivery, PluginAsyncMessageWriter

PROGRAMS: dict[str, Any] = {}
KEPT: list[Any] = []  # what lives as long as the process


def program(function: Any) -> Any:
    PROGRAMS[function.__name__] = function
    return function


class Confirming(PluginAsyncMessageWriter):
    """Confirms each message on a daemon thread, 20 ms after the one before it."""

    abilities = frozenset({Ability.AT_LEAST_ONCE})

    def __init__(self, params: dict[str, Any]) -> None:
        self._sent: list[Delivery[Any]] = []
        self._changed = threading.Condition()
        self._closed = False

    def open(self) -> None:
        threading.Thread(target=self._confirm, daemon=True).start()

    def publish(self, message: bytes) -> Delivery[Any]:
        delivery: Delivery[Any] = Delivery()
        with self._changed:
            self._sent.append(delivery)
            self._changed.notify()
        return delivery

    def close(self) -> None:
        print("closed", flush=True)

    def _confirm(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._sent)
                delivery = self._sent.pop(0)
                self._changed.wait(0.02)
            delivery.fulfil(None)


class Dead(Confirming):
    """Never confirms; `close` rejects the first."""

    def open(self) -> None:
        pass

    def close(self) -> None:
        self._sent[0].fail(ConnectionError("closed"))
        super().close()


def writer(**more: Any) -> AsyncMessageWriter[Any]:
    return AsyncMessageWriter(topic="t", type="lab", no_config=True, consistency=AT_LEAST_ONCE, **more)


@program
def confirmed_after_the_last_line() -> None:
    plugins.register("lab", async_writer=Confirming)
    kept = writer().open()
    KEPT.append(kept)
    for _ in range(10):
        kept.publish(b"").then(lambda _: print("confirmed", flush=True))


@program
def nobody_refers_to_the_writer_at_exit() -> None:
    plugins.register("lab", async_writer=Confirming)
    opened = writer().open()
    for _ in range(10):
        opened.publish(b"").then(lambda _: print("confirmed", flush=True))
    del opened


@program
def asyncio() -> None:
    import asyncio

    plugins.register("lab", async_writer=Confirming)

    async def run() -> None:
        kept = await aio.MessageWriter(topic="t", type="lab", no_config=True, consistency=AT_LEAST_ONCE).open()
        KEPT.append(kept)
        task = asyncio.ensure_future(kept.publish(b""))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(run())


@program
def synchronous() -> None:
    plugins.register("lab", async_writer=Confirming)
    kept = MessageWriter(topic="t", type="lab", no_config=True, consistency=AT_LEAST_ONCE).open()
    KEPT.append(kept)
    kept.publish(b"")
    print("confirmed", flush=True)


@program
def three_with_a_dead_broker() -> None:
    plugins.register("lab", async_writer=Dead)
    kept = [writer(close_timeout_ms=1000).open() for _ in range(3)]
    KEPT.append(kept)
    promises = [opened.publish(b"") for opened in kept for _ in range(4)]
    KEPT.append(promises)
    for promise in promises:
        promise.catch(lambda _: None)


@program
def forked() -> None:
    plugins.register("lab", async_writer=Confirming)
    kept = writer().open()
    KEPT.append(kept)
    if os.fork() == 0:
        return  # ends as a program does, with atexit
    os.wait()
    print("parent", flush=True)
    kept.publish(b"").then(lambda _: print("confirmed", flush=True))


def _child() -> None:
    plugins.register("lab", async_writer=Confirming)
    kept = writer().open()
    KEPT.append(kept)
    for _ in range(10):
        kept.publish(b"").then(lambda _: print("confirmed", flush=True))


@program
def child_by_fork() -> None:
    process = multiprocessing.get_context("fork").Process(target=_child)
    process.start()
    process.join()


@program
def child_by_spawn() -> None:
    process = multiprocessing.get_context("spawn").Process(target=_child)
    process.start()
    process.join()


if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    PROGRAMS[sys.argv[1]]()
