"""Programs that signals strike: `python with_signals.py CLAIM` runs one of the functions here. See test_signals.py.

A signal handler runs in the main thread, between any two steps of what that is doing.
"""

import logging
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageWriter,
    ConnectionError,
    MessageReader,
    MessageWriter,
    NotOpenError,
    SINETStreamMessageEncoder,
    plugins,
)
from sinetstream.spi import (
    Ability,
    Delivery,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)

STRESS_S = 1.0
LIMIT_S = 10.0
PROMPT_S = 2.0

CLAIMS: dict[str, Callable[[], None]] = {}


def claim(function: Callable[[], None]) -> Callable[[], None]:
    CLAIMS[function.__name__] = function
    return function


class _Plugin:
    abilities = frozenset({Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE})
    closed = 0

    def __init__(self, params: dict[str, Any]) -> None: ...

    def open(self) -> None: ...

    def close(self) -> None:
        type(self).closed += 1


class Confirming(_Plugin, PluginAsyncMessageWriter):
    def publish(self, message: bytes) -> Any:
        return Delivery.fulfilled(None)


class Silent(_Plugin, PluginAsyncMessageWriter):
    def publish(self, message: bytes) -> Any:
        return Delivery()


class Interrupted(_Plugin, PluginAsyncMessageWriter):
    def publish(self, message: bytes) -> Any:
        signal.raise_signal(signal.SIGINT)


class Prompt(_Plugin, PluginMessageWriter):
    def publish(self, message: bytes) -> Any:
        return None


class Slow(_Plugin, PluginMessageWriter):
    begun = threading.Event()
    go_on = threading.Event()

    def publish(self, message: bytes) -> Any:
        self.begun.set()
        assert self.go_on.wait(LIMIT_S)


class Struck(_Plugin, PluginMessageWriter):
    def publish(self, message: bytes) -> Any:
        signal.raise_signal(signal.SIGTERM)


class Endless(_Plugin, PluginMessageReader):
    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        message = SINETStreamMessageEncoder[bytes]().encode(b"x")
        while True:
            yield message, "t", message


class Struggle:
    """Interrupts what runs in its `with` block again and again, and never anything else."""

    def __init__(self, longest_s: float = 0.0002) -> None:
        self.times = 0
        self._longest_s = longest_s
        self._armed = False
        signal.signal(signal.SIGALRM, self._strike)

    def _strike(self, *_: object) -> None:
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt

    def until(self, deadline: float, call: Callable[[], object]) -> None:
        while time.monotonic() < deadline:
            try:
                self._armed = True
                signal.setitimer(signal.ITIMER_REAL, random.uniform(self._longest_s / 4, self._longest_s))
                while True:
                    call()
            except KeyboardInterrupt:
                self.times += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert self.times > 10


@contextmanager
def registered(**classes: type[Any]) -> Iterator[dict[str, Any]]:
    with plugins.register("struck", **classes):
        yield {"type": "struck", "no_config": True}


def topic() -> str:
    return f"topic {random.random()}"


def strikes_after(seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def struggle_and_close(writer: AsyncMessageWriter[bytes]) -> None:
    writer.open()

    Struggle().until(time.monotonic() + STRESS_S / 5, lambda: writer.publish(b"x"))

    closing = threading.Thread(target=writer.close, daemon=True)
    closing.start()
    closing.join(LIMIT_S)
    assert not closing.is_alive()


@claim
def promises_of_an_interrupted_loop_end_and_close_returns() -> None:
    for _ in range(10):
        with registered(async_writer=Confirming) as service:
            writer: AsyncMessageWriter[bytes] = AsyncMessageWriter(topic="t", **service)
        struggle_and_close(writer)


@claim
def promises_over_a_writer_that_waits_end_too() -> None:
    for _ in range(10):
        with registered(writer=Prompt) as service:
            writer: AsyncMessageWriter[bytes] = AsyncMessageWriter(topic="t", **service)
        struggle_and_close(writer)


@claim
def an_interrupted_publish_gives_its_room_back() -> None:
    with registered(async_writer=Interrupted) as service:
        writer: AsyncMessageWriter[bytes] = AsyncMessageWriter(topic="t", max_pending_bytes=100, **service)
    with writer:
        for _ in range(10):
            try:
                writer.publish(b"x" * 50)
            except KeyboardInterrupt:
                continue
            raise AssertionError


@claim
def whoever_waits_for_room_and_is_interrupted_gives_it_back() -> None:
    with registered(async_writer=Silent) as service:
        writer = AsyncMessageWriter(topic="t", max_pending_bytes=100, close_timeout_ms=0, **service)
    log = logging.getLogger(f"sinetstream.{service['type']}")
    log.addHandler(logging.NullHandler())  # `close` tells that nobody has looked at the first message's promise
    with writer:
        strikes_after(0.3)
        try:
            writer.publish_many([b"x" * 50] * 2)
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError
        pending = writer._pending
        assert pending is not None

        assert pending.budget.try_take(0)  # it would not while anybody waits


@claim
def an_interrupted_close_closes_all_the_same() -> None:
    with registered(async_writer=Silent) as service:
        writer: AsyncMessageWriter[bytes] = AsyncMessageWriter(topic="t", **service)
    promise = writer.open().publish(b"x")
    promise.catch(lambda error: None)
    strikes_after(0.2)

    try:
        writer.close()
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError

    writer.close()
    assert 1 == Silent.closed
    assert promise.is_rejected
    assert threading.enumerate() == [threading.main_thread()]


@claim
def an_interrupted_close_that_waits_for_others_closes_all_the_same() -> None:
    with registered(writer=Slow) as service:
        writer: MessageWriter[bytes] = MessageWriter(topic="t", **service)
    publishing = threading.Thread(target=writer.open().publish, args=(b"x",))
    publishing.start()
    assert Slow.begun.wait(LIMIT_S)
    strikes_after(0.2)

    try:
        writer.close()
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError

    writer.close()
    assert 1 == Slow.closed
    Slow.go_on.set()
    publishing.join()


@claim
def an_interrupted_reader_goes_on_reading() -> None:
    with registered(reader=Endless) as service:
        reader: MessageReader[bytes] = MessageReader(topics="t", consistency=AT_LEAST_ONCE, **service)
    with reader:
        struggle = Struggle()

        struggle.until(time.monotonic() + 3 * STRESS_S, lambda: next(reader))

        assert b"x" == next(reader).value


@claim
def an_interrupted_writer_has_nothing_to_wait_for_in_close() -> None:
    with registered(writer=Prompt) as service:
        writer: MessageWriter[bytes] = MessageWriter(topic="t", **service)
    writer.open()
    Struggle().until(time.monotonic() + 3 * STRESS_S, lambda: writer.publish(b"x"))
    began = time.monotonic()

    threading.Thread(target=writer.close).start()
    writer.close()

    assert PROMPT_S > time.monotonic() - began


@claim
def a_message_whose_decoding_was_interrupted_is_decoded_again() -> None:
    name, strikes = topic(), [b"2"]
    with MessageWriter(type="queue", topic=name, no_config=True) as writer:
        for number in range(5):
            writer.publish(b"%d" % number)

    def deserialize(value: bytes) -> bytes:
        if value in strikes:
            strikes.remove(value)
            signal.raise_signal(signal.SIGINT)
        return value

    settings: dict[str, Any] = {"type": "queue", "topics": name, "no_config": True, "receive_timeout_ms": 0}
    settings["consistency"] = AT_LEAST_ONCE
    got = []
    with MessageReader(value_deserializer=deserialize, **settings) as reader:
        for _ in range(2):
            try:
                got += [message.value for message in iter(lambda: next(reader, None), None)]
            except KeyboardInterrupt:
                continue
        assert [b"2", b"3", b"4"] == got

    strikes.append(b"6")
    with MessageWriter(type="queue", topic=name, no_config=True) as writer:
        writer.publish(b"6")
    interrupted = MessageReader(value_deserializer=deserialize, **settings).open()
    try:
        next(interrupted)
    except KeyboardInterrupt:
        interrupted.close()
    with MessageReader(**settings) as reader:
        assert [b"6"] == [message.value for message in reader]


@claim
def an_interrupted_queue_loses_nothing() -> None:
    name, count = topic(), 20_000
    got: list[int] = []
    with MessageWriter(type="queue", topic=name, no_config=True, value_type="json", type_spec={"maxsize": 0}) as writer:
        for number in range(count):
            writer.publish(number)
    settings: dict[str, Any] = {"type": "queue", "topics": name, "no_config": True, "receive_timeout_ms": 0}
    settings |= {"value_type": "json", "consistency": AT_LEAST_ONCE}

    def take() -> None:
        got.extend(message.value for message in reader)
        time.sleep(1)

    with MessageReader(**settings) as reader:
        Struggle(0.002).until(time.monotonic() + STRESS_S, take)
    with MessageReader(**settings) as reader:
        left = [message.value for message in reader]

    assert set(range(count)) == {*got, *left}


@claim
def a_reader_is_closed_in_a_signal_handler_and_loses_nothing() -> None:
    name, count = topic(), 20_000
    got: list[int] = []
    with MessageWriter(type="queue", topic=name, no_config=True, value_type="json", type_spec={"maxsize": 0}) as writer:
        for number in range(count):
            writer.publish(number)
    settings: dict[str, Any] = {"type": "queue", "topics": name, "no_config": True, "receive_timeout_ms": 0}
    reader: MessageReader[int] = MessageReader(value_type="json", consistency=AT_LEAST_ONCE, **settings)
    signal.signal(signal.SIGALRM, lambda *_: reader.close())
    ended = False
    while not ended:
        reader.open()
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.001, 0.005))
        try:
            got.extend(message.value for message in reader)
            ended = reader._plugin is not None
        except NotOpenError:
            pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        reader.close()

    assert set(range(count)) == set(got)


@claim
def a_writer_is_closed_in_a_signal_handler() -> None:
    for _ in range(20):
        writer: MessageWriter[bytes] = MessageWriter(
            type="queue", topic=topic(), no_config=True, type_spec={"maxsize": 0}
        )
        signal.signal(signal.SIGALRM, lambda *_, writer=writer: writer.close())
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.001, 0.03))
        began = time.monotonic()
        try:
            writer.open()
            while True:
                writer.publish(b"x")
        except (NotOpenError, ConnectionError):
            assert PROMPT_S > time.monotonic() - began


@claim
def a_publish_does_not_wait_for_itself_when_it_is_closed_in_a_signal_handler() -> None:
    with registered(writer=Struck) as service:
        writer: MessageWriter[bytes] = MessageWriter(topic="t", **service)
    signal.signal(signal.SIGTERM, lambda *_: writer.close())
    began = time.monotonic()

    writer.open().publish(b"x")

    assert PROMPT_S > time.monotonic() - began
    assert 1 == Struck.closed


@claim
def closing_in_a_signal_handler_while_it_is_being_closed_returns() -> None:
    with registered(async_writer=Silent) as service:
        writer: AsyncMessageWriter[bytes] = AsyncMessageWriter(topic="t", close_timeout_ms=500, **service)
    writer.open().publish(b"x").catch(lambda error: None)
    signal.signal(signal.SIGALRM, lambda *_: writer.close())
    signal.setitimer(signal.ITIMER_REAL, 0.1)

    writer.close()

    assert 1 == Silent.closed


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background inherits that it is ignored
    CLAIMS[sys.argv[1]]()
