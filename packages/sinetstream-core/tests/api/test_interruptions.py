"""An exception that is not about the bytes loses no message: it comes out as it is, and the message comes after it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AT_MOST_ONCE, AsyncMessageReader, Message, MessageReader, MessageWriter, aio
from sinetstream.errors import InvalidMessageError
from sinetstream.spi.interruption import is_interruption

from .doubles import SAFE, WAIT, Lab


class TimeLimitError(Exception):
    """The application's own."""


def raise_time_limit(*_: object) -> None:
    raise TimeLimitError


class Handlers:
    """Each kind of callable that a signal handler may be."""

    def method(self, _signum: int, _frame: Any) -> None:
        raise TimeLimitError

    def __call__(self, signum: int, frame: Any) -> None:
        self.method(signum, frame)


HANDLERS: list[Callable[..., Any]] = [
    raise_time_limit,
    Handlers().method,
    Handlers(),
    partial(Handlers.method, Handlers()),
]
signals = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="this system has no SIGUSR1")


@pytest.fixture
def handle() -> Iterator[Callable[[Callable[..., Any]], None]]:
    """`handle(function)` makes it the handler of SIGUSR1."""
    before = signal.getsignal(signal.SIGUSR1)

    def install(handler: Callable[..., None]) -> None:
        signal.signal(signal.SIGUSR1, handler)

    yield install
    signal.signal(signal.SIGUSR1, before)


class Once:
    """A deserializer that is interrupted the first time it gets this value."""

    def __init__(self, value: bytes, interrupt: Callable[[], object]) -> None:
        self.value = value
        self.interrupt: Callable[[], object] | None = interrupt

    def __call__(self, data: bytes) -> bytes:
        if data == self.value and self.interrupt is not None:
            interrupt, self.interrupt = self.interrupt, None
            interrupt()
        return data


def strike() -> None:
    signal.raise_signal(signal.SIGUSR1)


def want_memory() -> None:
    raise MemoryError


def read_all(reader: MessageReader[Any], *expected: type[Exception]) -> tuple[list[bytes], list[type[Exception]]]:
    got: list[bytes] = []
    raised: list[type[Exception]] = []
    while True:
        try:
            got.append(next(reader).value)
        except StopIteration:
            return got, raised
        except expected as error:
            raised.append(type(error))


@signals
@pytest.mark.parametrize("on_invalid", ["raise", "skip"])
@pytest.mark.parametrize("consistency", [AT_MOST_ONCE, AT_LEAST_ONCE])
@pytest.mark.parametrize("handler", HANDLERS, ids=["function", "method", "object", "partial"])
def test_what_a_signal_handler_raises_while_a_message_is_decoded_loses_nothing(
    lab: Lab, handle: Callable[..., None], handler: Callable[..., Any], consistency: Any, on_invalid: Any
) -> None:
    lab.registered(reader=lab.reader())
    lab.arrive(b"0", b"1", b"2", None)
    handle(handler)
    more: dict[str, Any] = {"value_deserializer": Once(b"1", strike), "on_invalid": on_invalid}
    with MessageReader[bytes](topics="t", type="lab", no_config=True, consistency=consistency, **more) as reader:
        got, raised = read_all(reader, TimeLimitError)

    assert ([b"0", b"1", b"2"], [TimeLimitError]) == (got, raised)
    assert [1, 2, 3] == lab.acknowledged
    assert 0 == reader.metrics.error_count_total


@pytest.mark.parametrize("on_invalid", ["raise", "skip"])
def test_a_memory_error_leaves_the_message_unacknowledged_and_it_comes_with_the_next_call(
    lab: Lab, on_invalid: Any
) -> None:
    lab.registered(reader=lab.reader())
    lab.arrive(b"0", b"1", None)
    more: dict[str, Any] = {"value_deserializer": Once(b"0", want_memory), "on_invalid": on_invalid}
    with MessageReader[bytes](topics="t", type="lab", no_config=True, consistency=AT_LEAST_ONCE, **more) as reader:
        with pytest.raises(MemoryError):
            next(reader)
        assert [] == lab.acknowledged
        assert b"0" == next(reader).value
        assert b"1" == next(reader).value
        assert [1] == lab.acknowledged


@signals
@pytest.mark.parametrize("abilities", [SAFE, None])
def test_what_a_signal_handler_raises_while_waiting_comes_out_as_it_is(
    lab: Lab, handle: Callable[..., None], abilities: Any
) -> None:
    base = lab.reader(abilities)

    class Reader(base):  # type: ignore[misc,valid-type]
        struck = False

        def _next(self, timeout: float | None) -> Any:
            if not self.struck:
                self.struck = True
                strike()
            return super()._next(timeout)

    lab.registered(reader=Reader)
    lab.arrive(b"0", None)
    handle(raise_time_limit)
    with MessageReader[bytes](topics="t", type="lab", no_config=True) as reader:
        with pytest.raises(TimeLimitError):
            next(reader)
        assert b"0" == next(reader).value


@signals
def test_what_a_signal_handler_raises_while_publishing_comes_out_as_it_is(
    lab: Lab, handle: Callable[..., None]
) -> None:
    lab.registered(writer=lab.writer())
    handle(raise_time_limit)
    with MessageWriter[Any](topic="t", type="lab", no_config=True) as writer:
        lab.on_publish = strike
        with pytest.raises(TimeLimitError):
            writer.publish(b"x")
    with (
        MessageWriter[Any](topic="t", type="lab", no_config=True, value_serializer=lambda _: strike()) as writer,  # type: ignore[arg-type,return-value]
        pytest.raises(TimeLimitError),
    ):
        writer.publish(b"x")


def test_a_deserializers_own_exception_is_about_the_bytes(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    lab.arrive(b"0", b"1", None)
    common: dict[str, Any] = {"type": "lab", "no_config": True, "value_deserializer": Once(b"0", raise_time_limit)}
    with MessageReader[bytes](topics="t", **common) as reader:
        with pytest.raises(InvalidMessageError) as caught:
            next(reader)
        assert b"1" == next(reader).value

    assert isinstance(caught.value.__cause__, TimeLimitError)


def test_callbacks_get_the_message_again_after_on_failure_was_told(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    got: list[bytes] = []
    failures: list[Any] = []
    all_here = threading.Event()

    def on_message(message: Message[bytes]) -> None:
        got.append(message.value)
        if message.value == b"1":
            all_here.set()

    common: dict[str, Any] = {"type": "lab", "no_config": True, "value_deserializer": Once(b"0", want_memory)}
    with AsyncMessageReader[bytes](topics="t", consistency=AT_LEAST_ONCE, on_invalid="skip", **common) as reader:
        reader.on_failure = lambda error: failures.append((type(error), list(lab.acknowledged)))
        reader.on_message = on_message
        lab.arrive(b"0", b"1")
        assert all_here.wait(WAIT)

    assert ([b"0", b"1"], [(MemoryError, [])]) == (got, failures)


def test_callbacks_that_never_get_memory_close_at_once_and_acknowledge_nothing(lab: Lab) -> None:
    def never(_: bytes) -> Any:
        raise MemoryError

    lab.registered(reader=lab.reader())
    failed = threading.Event()
    common: dict[str, Any] = {"type": "lab", "no_config": True, "value_deserializer": never}
    with AsyncMessageReader[bytes](topics="t", consistency=AT_LEAST_ONCE, **common) as reader:
        reader.on_failure = lambda _: failed.set()
        reader.on_message = lambda _: None
        lab.arrive(b"0")
        assert failed.wait(WAIT)

    assert [] == lab.acknowledged


def test_asyncio_raises_it_and_gives_the_message_with_the_next_call(lab: Lab) -> None:
    lab.registered(reader=lab.reader())
    lab.arrive(b"0", b"1", b"2")
    common: dict[str, Any] = {"type": "lab", "no_config": True, "value_deserializer": Once(b"1", want_memory)}

    async def main() -> list[bytes]:
        async with aio.MessageReader[bytes](
            topics="t", consistency=AT_LEAST_ONCE, on_invalid="skip", **common
        ) as reader:
            got = [(await anext(reader)).value]
            with pytest.raises(MemoryError):
                await anext(reader)
            assert [1] == lab.acknowledged
            got += [(await anext(reader)).value, (await anext(reader)).value]
            assert [1, 2] == lab.acknowledged
            return got

    assert [b"0", b"1", b"2"] == asyncio.run(main())


@signals
def test_a_handler_is_known_by_the_frame_that_it_was_given(handle: Callable[..., None]) -> None:
    def interrupted() -> None:
        strike()

    for handler in HANDLERS:
        handle(handler)
        with pytest.raises(TimeLimitError) as caught:
            interrupted()
        assert is_interruption(caught.value)
    with pytest.raises(TimeLimitError) as caught:
        raise_time_limit(14, None)
    assert not is_interruption(caught.value)
    assert is_interruption(MemoryError())
    assert not is_interruption(ValueError())
