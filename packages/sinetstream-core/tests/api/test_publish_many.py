"""`publish_many`, on every writer, over every kind of plugin."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
from sinetstream import AsyncMessageWriter, MessageWriter, SINETStreamMessageDecoder, aio
from sinetstream.errors import (
    BufferFullError,
    InvalidArgumentError,
    InvalidMessageError,
    PublishManyError,
    PublishTimeoutError,
    SinetError,
)
from sinetstream.spi import Ability, Delivery

from .doubles import SAFE, WAIT, Lab, LabError, encoded, raising_once
from .test_promises import PlainPromises

decoder: SINETStreamMessageDecoder[bytes] = SINETStreamMessageDecoder(no_config=True)


def _sync(values: Any, timestamp: Any = None, **kwargs: Any) -> Any:
    with MessageWriter(**kwargs) as it:
        return it.publish_many(values, timestamp), it.metrics


def _promising(values: Any, timestamp: Any = None, **kwargs: Any) -> Any:
    with AsyncMessageWriter(**kwargs) as it:
        return it.publish_many(values, timestamp), it.metrics


def _aio(values: Any, timestamp: Any = None, **kwargs: Any) -> Any:
    async def main() -> Any:
        async with aio.MessageWriter(**kwargs) as it:
            return await it.publish_many(values, timestamp), it.metrics

    return asyncio.run(main())


@pytest.fixture(params=[_sync, _promising, _aio], ids=["sync", "promising", "aio"])
def publish_many(request: pytest.FixtureRequest) -> Callable[..., Any]:
    def call(values: Iterable[Any], timestamp: Any = None, **kwargs: Any) -> Any:
        return request.param(values, timestamp, **{"type": "lab", "topic": "t", "no_config": True, **kwargs})

    return call


def _confirm(lab: Lab, message: bytes, attributes: dict[str, Any]) -> bytes:
    value = decoder.decode(message).value
    if b"bad" in value:
        raise LabError("bad")
    lab.published.append(value)
    lab.attributes.append(attributes)
    return value.upper()


def _waiting(lab: Lab) -> dict[str, type[Any]]:
    class Waiting(lab.writer(SAFE | {Ability.TIMESTAMP})):  # type: ignore[misc]  # made to measure
        def publish(self, message: bytes, **attributes: Any) -> Any:
            return _confirm(lab, message, attributes)

    return {"writer": Waiting}


def _late(lab: Lab) -> dict[str, type[Any]]:
    class TimedOutPublishes(lab.async_writer(SAFE | {Ability.TIMESTAMP})):  # type: ignore[misc]  # made to measure
        def publish(self, message: bytes, **attributes: Any) -> Any:
            delivery: Delivery[Any] = Delivery()
            threading.Thread(target=self._settle, args=(delivery, message, attributes)).start()
            return delivery

        def _settle(self, delivery: Delivery[Any], message: bytes, attributes: dict[str, Any]) -> None:
            try:
                delivery.fulfil(_confirm(lab, message, attributes))
            except LabError as error:
                delivery.fail(error)

    return {"async_writer": TimedOutPublishes}


def _guide(lab: Lab) -> dict[str, type[Any]]:
    class Guide(PlainPromises):
        def send(self, message: bytes) -> Any:
            return _confirm(lab, message, {"timestamp_us": decoder.decode(message).timestamp_us})

    return {"async_writer": Guide}


def _own_send(lab: Lab) -> dict[str, type[Any]]:
    class OwnSend(lab.writer(None)):  # type: ignore[misc]  # made to measure
        def publish(self, message: bytes) -> Any:
            return self.send("topic", message)

        def send(self, topic: str, message: bytes) -> Any:
            return _confirm(lab, message, {"timestamp_us": decoder.decode(message).timestamp_us})

    return {"writer": OwnSend}


@pytest.fixture(params=[_waiting, _late, _guide, _own_send])
def lab4(request: pytest.FixtureRequest, lab: Lab) -> Lab:
    """Whose plugin confirms what does not contain "bad", in capitals."""
    return lab.registered(**request.param(lab))


def test_the_results_come_in_the_order_of_the_values(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    results, metrics = publish_many([b"a%d" % i for i in range(50)])

    assert [b"A%d" % i for i in range(50)] == results
    assert (50, 0) == (metrics.msg_count_total, metrics.error_count_total)
    assert {b"a%d" % i for i in range(50)} == set(lab4.published)


def test_of_none_the_results_are_none(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    assert [] == publish_many([])[0]


def test_values_may_come_from_a_generator(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    assert [b"A", b"B"] == publish_many(value for value in (b"a", b"b"))[0]


def test_all_carry_the_timestamp_given(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    publish_many([b"a", b"b"], 1.5)

    assert [{"timestamp_us": 1_500_000}] * 2 == lab4.attributes


def test_each_failure_is_told_with_its_index_when_all_have_ended(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    with pytest.raises(PublishManyError, match="3 of 5 messages failed, the first at index 1") as caught:
        publish_many([b"a", b"bad", "no bytes", b"d", None])

    failures = caught.value.failures
    assert [1, 2, 4] == sorted(failures)
    assert [b"A", None, None, b"D", None] == caught.value.results
    assert isinstance(failures[1].__cause__, LabError)
    assert [InvalidMessageError] * 2 == [type(failures[2]), type(failures[4])]
    assert caught.value.__cause__ is failures[1]


@pytest.mark.parametrize("timestamp", ["soon", pytest.param(10**5000, id="too large to print")])
def test_a_timestamp_that_is_none_fails_each_message(
    lab4: Lab, publish_many: Callable[..., Any], timestamp: Any
) -> None:
    with pytest.raises(PublishManyError) as caught:
        publish_many([b"a", b"b"], timestamp)

    assert [InvalidArgumentError] * 2 == [type(error) for error in caught.value.failures.values()]
    assert [] == lab4.published


def test_more_than_max_pending_bytes_go_through(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    results, _ = publish_many([b"a"] * 40, max_pending_bytes=3 * len(encoded(b"a")))

    assert [b"A"] * 40 == results


def test_what_the_values_raise_is_raised_as_it_is(lab4: Lab, publish_many: Callable[..., Any]) -> None:
    def values() -> Iterable[bytes]:
        yield b"a"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        publish_many(values())
    assert [b"a"] == lab4.published


def test_of_a_waiting_plugin_the_failures_are_counted(lab: Lab, publish_many: Callable[..., Any]) -> None:
    lab.registered(writer=lab.writer())
    lab.on_publish = raising_once(LabError("once"))

    with pytest.raises(PublishManyError) as caught:
        publish_many([b"a", b"b", b"c"])
    assert [None, 1, 2] == caught.value.results


def test_a_message_that_never_has_room_is_a_failure_of_promising_writers(lab: Lab) -> None:
    lab.registered(writer=lab.writer())
    for call in (_promising, _aio):
        with pytest.raises(PublishManyError) as caught:
            call([b"x" * 100], type="lab", topic="t", no_config=True, max_pending_bytes=50)

        assert isinstance(caught.value.failures[0], BufferFullError)


def test_no_wait_is_longer_than_publish_timeout_ms(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer())
    limits = {"publish_timeout_ms": 20, "close_timeout_ms": 0, "max_pending_bytes": len(encoded(b"a"))}
    for call in (_sync, _promising):
        with pytest.raises(PublishManyError) as caught:
            call([b"a", b"b"], 0, type="lab", topic="t", no_config=True, **limits)

        assert {PublishTimeoutError} == {type(error) for error in caught.value.failures.values()}


def test_the_plugin_may_have_a_lower_limit(lab: Lab, publish_many: Callable[..., Any]) -> None:
    size = len(encoded(b"a"))
    waiting: list[Delivery[Any]] = []

    class Small(lab.async_writer()):  # type: ignore[misc]  # made to measure
        def __init__(self, params: dict[str, Any]) -> None:
            super().__init__(params)
            self.max_pending_bytes = 3 * size

        def publish(self, message: bytes) -> Any:
            waiting[:] = [delivery for delivery in waiting if not delivery.is_settled]
            assert len(waiting) < 3
            waiting.append(Delivery())
            threading.Timer(0.01, waiting[-1].fulfil, (message,)).start()
            return waiting[-1]

    lab.registered(async_writer=Small)

    assert [encoded(b"a", 0)] * 10 == publish_many([b"a"] * 10, 0)[0]


def test_what_was_not_confirmed_in_time_keeps_its_room(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer())
    limits: dict[str, Any] = {"publish_timeout_ms": 20, "max_pending_bytes": 3 * len(encoded(b"a"))}
    with MessageWriter[bytes](type="lab", topic="t", no_config=True, **limits) as it:
        with pytest.raises(PublishManyError):
            it.publish_many([b"a"] * 2, 0)
        with pytest.raises(PublishTimeoutError, match="whether the broker has it is unknown"):
            it.publish(b"a", 0)
        with pytest.raises(PublishTimeoutError, match="this was not sent"):
            it.publish(b"a", 0)
        with pytest.raises(PublishManyError, match="this was not sent"):
            it.publish_many([b"a"], 0)
        assert len(lab.promises) == 3

        lab.promises[0].fulfil(None)
        with pytest.raises(PublishTimeoutError, match="whether the broker has it is unknown"):
            it.publish(b"a", 0)
        assert len(lab.promises) == 4


def test_in_a_handler_it_is_refused(lab: Lab) -> None:
    lab.registered(async_writer=lab.async_writer())
    with AsyncMessageWriter[bytes](type="lab", topic="t", no_config=True) as it:
        delivery = it.publish(b"").then(lambda _: it.publish_many([b""]))
        lab.promises[0].fulfil(None)

        with pytest.raises(SinetError, match="handler"):
            delivery.get(WAIT)


def test_in_asyncio_values_may_come_from_an_asynchronous_generator(lab4: Lab) -> None:
    async def values() -> AsyncIterator[bytes]:
        for value in (b"a", b"b"):
            await asyncio.sleep(0)
            yield value

    assert [b"A", b"B"] == _aio(values(), type="lab", topic="t", no_config=True)[0]
