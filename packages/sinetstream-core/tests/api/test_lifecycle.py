"""Opening and closing, for all six classes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sinetstream
from sinetstream import aio
from sinetstream.errors import AlreadyConnectedError, InvalidArgumentError, NotOpenError, SinetError

from .doubles import NONE, SAFE, Gate, Lab, LabError, in_thread, nothing, raising, raising_once

runners: list[asyncio.Runner] = []


@pytest.fixture(autouse=True)
def event_loops_end() -> Iterator[None]:
    yield
    while runners:
        runners.pop().close()


class Blocking:
    """One of the `aio` classes, each call in one event loop."""

    def __init__(self, cls: type[Any], **kwargs: Any) -> None:
        self.inner = cls(**kwargs)
        self._runner = asyncio.Runner()
        runners.append(self._runner)

    def open(self) -> Any:
        self._runner.run(self.inner.open())
        return self

    def close(self) -> None:
        self._runner.run(self.inner.close())

    def __enter__(self) -> Any:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


def _aio(cls: type[Any]) -> Callable[..., Any]:
    def construct(**kwargs: Any) -> Any:
        return Blocking(cls, **kwargs)

    return construct


CLASSES: dict[str, Callable[..., Any]] = {
    "MessageReader": sinetstream.MessageReader,
    "MessageWriter": sinetstream.MessageWriter,
    "AsyncMessageReader": sinetstream.AsyncMessageReader,
    "AsyncMessageWriter": sinetstream.AsyncMessageWriter,
    "aio.MessageReader": _aio(aio.MessageReader),
    "aio.MessageWriter": _aio(aio.MessageWriter),
}
THREADED = list(CLASSES)[:4]

all_classes = pytest.mark.parametrize("name", CLASSES)
threaded = pytest.mark.parametrize("name", THREADED)


@pytest.fixture(params=["natural", "derived"])
def lab4(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    """A lab whose classes are the two asynchronous ones or the two others."""
    if request.param == "natural":
        return lab.registered(reader=lab.reader(), writer=lab.writer())
    return lab.registered(async_reader=lab.async_reader(), async_writer=lab.async_writer())


def made(name: str, **kwargs: Any) -> Any:
    topic = {"topics": "t"} if "Reader" in name else {"topic": "t"}
    return CLASSES[name](**{**topic, "type": "lab", "no_config": True, **kwargs})


@all_classes
def test_constructing_constructs_the_plugin_and_connects_nothing(lab4: Lab, name: str) -> None:
    made(name)

    assert lab4.calls == ["construct"]


@all_classes
def test_a_with_block_opens_once_and_closes_once(lab4: Lab, name: str) -> None:
    with made(name):
        assert lab4.calls.count("open") == 1

    assert (lab4.calls.count("construct"), lab4.calls.count("close")) == (1, 1)


@threaded
def test_open_returns_the_object_itself(lab4: Lab, name: str) -> None:
    it = made(name)

    assert it.open() is it
    it.close()


@all_classes
def test_opening_twice_is_refused_and_the_first_stays_open(lab4: Lab, name: str) -> None:
    with made(name) as it:
        with pytest.raises(AlreadyConnectedError):
            it.open()

        assert lab4.calls.count("close") == 0
    assert lab4.calls.count("close") == 1


@all_classes
def test_each_later_open_constructs_a_new_plugin(lab4: Lab, name: str) -> None:
    it = made(name)
    for _ in range(3):
        it.open()
        it.close()

    assert [call for call in lab4.calls if call != "iter"] == ["construct", "open", "close"] * 3


@all_classes
def test_each_plugin_gets_parameters_of_its_own(lab4: Lab, name: str) -> None:
    it = made(name, type_spec={"deep": {"list": [1]}})
    it.open()
    lab4.params[0]["type_spec"]["deep"]["list"].append(2)
    it.close()
    it.open()
    it.close()

    assert lab4.params[1]["type_spec"] == {"deep": {"list": [1]}}


@all_classes
def test_closing_is_idempotent_and_allowed_before_open(lab4: Lab, name: str) -> None:
    it = made(name)
    it.close()
    it.open()
    it.close()
    it.close()

    assert lab4.calls.count("close") == 1


@all_classes
def test_what_open_raises_is_translated_and_the_plugin_closed(lab4: Lab, name: str) -> None:
    lab4.on_open = raising_once(LabError("refused"))
    it = made(name)

    with pytest.raises(SinetError, match="lab: LabError: refused") as caught:
        it.open()
    assert isinstance(caught.value.__cause__, LabError)
    with it:
        assert [call for call in lab4.calls if call != "iter"][:5] == [
            "construct",
            "open",
            "close",
            "construct",
            "open",
        ]


@all_classes
def test_what_the_constructor_of_a_plugin_raises_is_translated(lab4: Lab, name: str) -> None:
    lab4.on_construct = raising(LabError("bad"))

    with pytest.raises(SinetError, match="LabError: bad"):
        made(name)


@all_classes
def test_a_refusal_of_the_plugin_is_raised_as_it_is(lab4: Lab, name: str) -> None:
    error = InvalidArgumentError("no")
    lab4.on_construct = raising(error)

    with pytest.raises(InvalidArgumentError) as caught:
        made(name)
    assert caught.value is error


@all_classes
def test_what_close_raises_is_translated_and_it_is_closed(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    lab.on_close = raising_once(LabError("stuck"))
    it = made(name)
    it.open()

    with pytest.raises(SinetError, match="LabError: stuck"):
        it.close()
    it.close()
    it.open()
    it.close()


@threaded
def test_closing_while_another_thread_opens_closes_what_it_opened(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), async_writer=lab.async_writer(), writer=lab.writer())
    for _ in range(20):
        lab.calls.clear()
        lab.on_open = gate = Gate()
        it = made(name)
        opened = in_thread(it.open)
        gate.wait_reached()
        closed = in_thread(it.close)
        gate.opened.set()
        opened()
        closed()
        it.close()

        assert lab.calls.count("close") == 1
        lab.on_open = nothing
        with it:
            pass


@pytest.mark.parametrize("name", ["aio.MessageReader", "aio.MessageWriter"])
def test_closing_while_another_task_opens_closes_what_it_opened_and_blocks_no_loop(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    lab.on_open = gate = Gate()
    it = made(name).inner

    async def main() -> None:
        opening = asyncio.create_task(it.open())
        await asyncio.to_thread(gate.wait_reached)
        closing = asyncio.create_task(it.close())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.opened.set()
        await asyncio.wait_for(asyncio.gather(opening, closing), 5)
        await it.close()
        lab.on_open = nothing
        async with it:
            pass

    asyncio.run(main())

    assert [call for call in lab.calls if call != "iter"] == ["construct", "open", "close"] * 2


@pytest.mark.parametrize("name", ["aio.MessageReader", "aio.MessageWriter"])
def test_a_cancelled_open_is_undone(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    lab.on_open = gate = Gate()
    it = made(name).inner

    async def main() -> None:
        opening = asyncio.create_task(it.open())
        await asyncio.to_thread(gate.wait_reached)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        gate.opened.set()
        await it.close()
        await it.open()
        await it.close()

    asyncio.run(main())

    assert [call for call in lab.calls if call != "iter"] == ["construct", "open", "close"] * 2


@pytest.mark.parametrize("name", ["aio.MessageReader", "aio.MessageWriter"])
def test_it_can_be_opened_again_in_another_event_loop(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    it = made(name).inner

    async def main() -> None:
        async with it:
            if "Writer" in name:
                await asyncio.gather(*(it.publish(b"x" * 100_000) for _ in range(3)))

    asyncio.run(main())
    asyncio.run(main())

    assert lab.calls.count("close") == 2


@threaded
def test_opening_waits_for_a_close_in_another_thread(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer(), async_writer=lab.async_writer())
    lab.on_close = gate = Gate()
    it = made(name)
    it.open()
    closing = in_thread(it.close)
    gate.wait_reached()
    opening = in_thread(it.open)
    gate.opened.set()
    closing()
    opening()
    it.close()

    assert [call for call in lab.calls if call != "iter"] == ["construct", "open", "close"] * 2


@threaded
def test_opening_while_another_thread_opens_is_refused(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer(), async_writer=lab.async_writer())
    lab.on_open = gate = Gate()
    it = made(name)
    opening = in_thread(it.open)
    gate.wait_reached()

    with pytest.raises(AlreadyConnectedError):
        it.open()
    gate.opened.set()
    opening()
    it.close()


@pytest.mark.parametrize("after", ["before open", "after close"])
def test_use_of_what_is_not_open_says_so(lab: Lab, after: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    reader = made("MessageReader")
    writer = made("MessageWriter")
    promising = made("AsyncMessageWriter")
    if after == "after close":
        for it in (reader, writer, promising):
            it.open()
            it.close()

    uses: list[Callable[[], Any]] = [
        lambda: iter(reader),
        lambda: next(reader),
        lambda: writer.publish(b""),
        lambda: writer.publish_many([b""]),
        lambda: promising.publish(b""),
        lambda: promising.publish_many([b""]),
    ]
    for use in uses:
        with pytest.raises(NotOpenError, match="is not open"):
            use()


@pytest.mark.parametrize("after", ["before open", "after close"])
def test_use_in_asyncio_of_what_is_not_open_says_so(lab: Lab, after: str) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    reader = made("aio.MessageReader").inner
    writer = made("aio.MessageWriter").inner

    async def main() -> None:
        if after == "after close":
            for it in (reader, writer):
                await it.open()
                await it.close()
        with pytest.raises(NotOpenError):
            aiter(reader)
        for use in (anext(reader), writer.publish(b""), writer.publish_many([b""])):
            with pytest.raises(NotOpenError, match="is not open"):
                await use

    asyncio.run(main())


@all_classes
def test_the_properties_and_metrics_can_be_read_after_close(lab4: Lab, name: str) -> None:
    it = made(name, client_id="me")
    with it:
        pass
    it = getattr(it, "inner", it)

    assert (it.client_id, it.service, it.value_type, it.metrics.raw, it.info("client_id")) == (
        "me",
        None,
        "byte_array",
        None,
        "me",
    )


def descriptors() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@all_classes
def test_no_descriptor_is_left(lab4: Lab, name: str) -> None:
    it = made(name)
    with it:
        pass
    before = descriptors()
    for _ in range(3):
        with it:
            pass

    assert before == descriptors()


@threaded
def test_an_object_that_was_never_opened_has_no_thread(lab: Lab, name: str) -> None:
    lab.registered(reader=lab.reader(SAFE), writer=lab.writer(NONE))

    made(name)
