"""Checks opening and closing."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from sinetstream import AlreadyConnectedError, Message, NotOpenError
from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.leaks import Descriptors, Threads
from sinetstream.testing.received import Received, check_nothing_lost
from sinetstream.testing.streams import receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, not_observable
from sinetstream.testing.waiting import Call, within

__all__ = ["LifeCycle"]

ENDS = ["reader", "async_reader", "writer", "async_writer"]


class LifeCycle(Area):
    """Open, close and open again, from any thread."""

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_it_opens_again(self, trial: Trial, end: str) -> None:
        """A closed reader or writer opens again."""
        api = getattr(trial, end)()
        for _ in range(2):
            within(trial.patience_s, f"{end}.open", api.open)
            within(trial.patience_s, f"{end}.close", api.close)

    @always
    def test_it_works_after_it_opened_again(self, trial: Trial) -> None:
        """A reader and a writer that were opened again work as the first time."""
        reader, writer = trial.reader(), trial.writer()

        def use() -> Message[Any] | None:
            with reader, writer:
                writer.publish(value)
                return next(reader, None)

        for value in trial.values(2):
            got = within(3 * trial.patience_s, "reading one message", use)
            if got is None or got.value != value:
                raise Broken(f"after opening again {value!r} was to come, but {got!r} did")

    @pytest.mark.parametrize("end", ENDS)
    @always
    def test_open_and_close_do_no_harm_twice(self, trial: Trial, end: str) -> None:
        """Closing twice, or without having opened, does nothing; opening twice is refused."""
        api = getattr(trial, end)()
        within(trial.patience_s, "close before open", api.close)
        api.open()
        try:
            api.open()
        except AlreadyConnectedError:
            pass
        else:
            raise Broken("a second open() was not refused with AlreadyConnectedError")
        for _ in range(2):
            within(trial.patience_s, f"{end}.close", api.close)

    @always
    def test_a_closed_one_says_so(self, trial: Trial) -> None:
        """A closed reader or writer raises `NotOpenError` when it is used."""
        reader, writer, promising = trial.reader(), trial.writer(), trial.async_writer()
        for end in (reader, writer, promising):
            end.open()
            end.close()
        uses: dict[str, Any] = {
            "iter(reader)": lambda: iter(reader),
            "writer.publish": lambda: writer.publish(b""),
            "AsyncMessageWriter.publish": lambda: promising.publish(b""),
        }
        for what, use in uses.items():
            try:
                use()
            except NotOpenError:
                continue
            raise Broken(f"{what} after close did not raise NotOpenError")

    @if_declared()
    def test_closing_ends_a_waiting_reader(self, trial: Trial) -> None:
        """`close` from another thread ends a loop that waits for a message without a time limit."""
        reader = trial.reader(receive_timeout_ms=None)
        reader.open()
        waiting = Call("a loop over a reader that another thread has closed", lambda: list(reader))
        _let_it_wait(waiting)
        within(trial.patience_s, "close() while another thread waits for a message", reader.close)
        waiting.result(trial.patience_s)

    @always
    def test_closing_ends_callbacks(self, trial: Trial) -> None:
        """A reader with callbacks closes from any thread, and calls back no more."""
        after = trial.values(1)
        late = Received(trial.patience_s)
        reader = trial.async_reader()
        reader.on_message = late.add
        reader.open()
        Call("AsyncMessageReader.close in another thread", reader.close).result(trial.patience_s)
        with receiving("sync", trial) as received:
            trial.send(after)
            got = received.wait_for(after)

        if late.messages:
            raise Broken(f"a reader that was closed called back with {late.values[0]!r}")
        check_nothing_lost(after, got, received.errors)

    @always
    def test_closing_in_a_callback_takes_effect(self, trial: Trial) -> None:
        """A callback may close its reader; no further callback runs."""
        first, second = trial.values(2)
        received, closed = Received(trial.patience_s), threading.Event()
        reader = trial.async_reader()

        def only_one(message: Message[Any]) -> None:
            received.add(message)
            reader.close()
            closed.set()

        reader.on_message = only_one
        reader.open()
        trial.send([first, second])
        if not closed.wait(trial.patience_s):
            raise Broken("close() in a callback has not returned, or no callback came")
        within(trial.patience_s, "AsyncMessageReader.close", reader.close)

        if received.values != [first]:
            raise Broken(f"after a callback had closed its reader, more came: {received.values!r}")

    @always
    def test_closing_asyncio_ends_a_waiting_reader(self, trial: Trial) -> None:
        """`close` in another task ends an `async for` that waits for a message without a time limit."""

        async def main() -> None:
            async with trial.aio_reader(receive_timeout_ms=None) as reader:
                waiting = asyncio.ensure_future(_loop(reader))
                await asyncio.sleep(0)
                async with asyncio.timeout(trial.patience_s):
                    await reader.close()
                    await waiting

        try:
            within(3 * trial.patience_s, "closing in asyncio", lambda: asyncio.run(main()))
        except TimeoutError as error:
            raise Broken("closing in asyncio did not end a reader that waits") from error

    @always
    def test_no_thread_is_left(self, trial: Trial) -> None:
        """After `close` no thread is left, of ours or of the client library."""
        threads = Threads()
        _use(trial)

        threads.check_none_left(trial.patience_s)

    @always
    def test_no_descriptor_is_left(self, trial: Trial) -> Finding | None:
        """After `close` no file or socket stays open."""
        if not Descriptors.visible():
            return not_observable("this platform does not list open descriptors")
        _use(trial)
        descriptors = Descriptors()
        for _ in range(2):
            _use(trial)

        descriptors.check_none_left(trial.patience_s)
        return None


def _let_it_wait(call: Call[Any]) -> None:
    """Give the other thread time to block. If that is too short, the test passes more easily; it never fails for it."""
    threading.Event().wait(0.05)
    if not call.running:
        call.result(0)


def _use(trial: Trial) -> None:
    values = trial.values(2)
    received = Received(trial.patience_s)
    topic = trial.harness.fresh_topic()
    reader = trial.async_reader(topics=topic)
    reader.on_message = received.add
    with reader, trial.writer(topic=topic) as writer, trial.async_writer(topic=topic) as promising:
        writer.publish(values[0])
        promising.publish(values[1]).get(trial.patience_s)
        got = received.wait_for(values)
    check_nothing_lost(values, got)
    with trial.reader(topics=topic, receive_timeout_ms=10) as pulling:
        within(2 * trial.patience_s, "a loop with a timeout of 10 ms", lambda: list(pulling))


async def _loop(reader: Any) -> None:
    async for _ in reader:
        pass
