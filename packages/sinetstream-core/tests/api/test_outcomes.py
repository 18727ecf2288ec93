"""Every error of publishing says whether the broker may have the message."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sinetstream import AsyncMessageWriter, MessageWriter, aio, errors
from sinetstream.errors import (
    BufferFullError,
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    NotOpenError,
    PublishManyError,
    PublishTimeoutError,
    SinetError,
    UnsupportedOperationError,
)
from sinetstream.spi import Translation

from .doubles import WAIT, Lab, LabError, encoded, raising

SETTINGS: dict[str, Any] = {"type": "lab", "topic": "t", "no_config": True}


class RefusedError(LabError):
    """From the client library of the lab: the broker refused the message."""


TABLE = {LabError: ConnectionError, RefusedError: Translation(InvalidMessageError, "not_sent")}


@pytest.fixture(params=["writer", "async_writer"])
def lab1(lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """With a plugin that has only one of the two kinds of writer."""
    made = getattr(lab, request.param)(errors=TABLE)
    return lab.registered(**{request.param: made})


def sync(value: Any, opened: bool = True, **arguments: Any) -> None:
    it: MessageWriter[Any] = MessageWriter(**SETTINGS)
    if opened:
        it.open()
    try:
        it.publish(value, **arguments)
    finally:
        it.close()


def promising(value: Any, opened: bool = True, **arguments: Any) -> None:
    it: AsyncMessageWriter[Any] = AsyncMessageWriter(**SETTINGS)
    if opened:
        it.open()
    try:
        it.publish(value, **arguments).get(WAIT)
    finally:
        it.close()


def in_asyncio(value: Any, opened: bool = True, **arguments: Any) -> None:
    async def main() -> None:
        it: aio.MessageWriter[Any] = aio.MessageWriter(**SETTINGS)
        if opened:
            await it.open()
        try:
            await it.publish(value, **arguments)
        finally:
            await it.close()

    asyncio.run(main())


def many(value: Any, opened: bool = True, **_: Any) -> None:
    it: MessageWriter[Any] = MessageWriter(**SETTINGS)
    if opened:
        it.open()
    try:
        with pytest.raises(PublishManyError) as caught:
            it.publish_many([value])
    finally:
        it.close()
    assert caught.value.outcome == caught.value.failures[0].outcome
    raise caught.value.failures[0]


Publish = Callable[..., None]
each_way = pytest.mark.parametrize("publish", [sync, promising, in_asyncio, many])
each_with_arguments = pytest.mark.parametrize("publish", [sync, promising, in_asyncio])


@each_way
def test_what_cannot_be_encoded_is_not_sent(lab1: Lab, publish: Publish) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        publish("not bytes")

    assert "not_sent" == caught.value.outcome


@each_with_arguments
def test_a_wrong_argument_is_not_sent(lab1: Lab, publish: Publish) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        publish(b"", timestamp="soon")
    assert "not_sent" == caught.value.outcome
    with pytest.raises(UnsupportedOperationError) as refused:
        publish(b"", key=b"k")
    assert "not_sent" == refused.value.outcome


@each_way
def test_a_closed_writer_sends_nothing(lab1: Lab, publish: Publish) -> None:
    with pytest.raises(NotOpenError) as caught:
        publish(b"", opened=False)

    assert "not_sent" == caught.value.outcome


@each_way
@pytest.mark.parametrize(
    ("raised", "cls", "outcome"),
    [
        (LabError("hung up"), ConnectionError, "unknown"),
        (RefusedError("too large"), InvalidMessageError, "not_sent"),
        (ZeroDivisionError(), SinetError, "unknown"),
        (InvalidArgumentError("no such topic"), InvalidArgumentError, "not_sent"),
        (InvalidMessageError("too large, or not", outcome="unknown"), InvalidMessageError, "unknown"),
        (ConnectionError("never connected", outcome="not_sent"), ConnectionError, "not_sent"),
        (PublishTimeoutError("no confirmation"), PublishTimeoutError, "unknown"),
        (BufferFullError("full", size=3, limit=2), BufferFullError, "not_sent"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_plugin_says_what_became_of_it_and_else_it_is_unknown(
    lab1: Lab, publish: Publish, raised: Exception, cls: type[SinetError], outcome: str
) -> None:
    lab1.on_publish = raising(raised)

    with pytest.raises(SinetError) as caught:
        publish(b"")

    assert (cls, outcome) == (type(caught.value), caught.value.outcome)


@pytest.fixture
def late(lab: Lab) -> Lab:
    """Nothing is confirmed unless the test does it."""
    return lab.registered(async_writer=lab.async_writer(errors=TABLE))


def test_a_promise_that_the_plugin_rejects_has_an_outcome(late: Lab) -> None:
    with AsyncMessageWriter[bytes](**SETTINGS) as it:
        unknown, refused = it.publish(b""), it.publish(b"")
        late.promises[0].fail(LabError())
        late.promises[1].fail(RefusedError())

        for delivery, outcome in ((unknown, "unknown"), (refused, "not_sent")):
            with pytest.raises(SinetError) as caught:
                delivery.get(WAIT)
            assert outcome == caught.value.outcome


def test_what_is_not_confirmed_before_close_is_unknown(late: Lab) -> None:
    it = AsyncMessageWriter[bytes](**SETTINGS, close_timeout_ms=0).open()
    delivery = it.publish(b"")
    it.close()

    with pytest.raises(ConnectionError) as caught:
        delivery.get(WAIT)
    assert "unknown" == caught.value.outcome


def test_beyond_max_pending_bytes_the_error_has_size_and_limit(late: Lab) -> None:
    size = len(encoded(b"x"))
    with AsyncMessageWriter[bytes](**SETTINGS, max_pending_bytes=size, close_timeout_ms=0) as it:
        it.publish(b"x", 0)
        with pytest.raises(BufferFullError) as caught:
            it.publish(b"x", 0).get(WAIT)

    assert ("not_sent", size, size) == (caught.value.outcome, caught.value.size, caught.value.limit)


def test_an_unconfirmed_publish_is_unknown_and_one_without_room_is_not_sent(late: Lab) -> None:
    size = len(encoded(b"x"))
    settings = {**SETTINGS, "publish_timeout_ms": 20, "close_timeout_ms": 0, "max_pending_bytes": size}
    with MessageWriter[bytes](**settings) as it:
        with pytest.raises(PublishTimeoutError) as unknown:
            it.publish(b"x", 0)
        with pytest.raises(PublishTimeoutError) as without_room:
            it.publish(b"x", 0)
    with AsyncMessageWriter[bytes](**settings) as promising, pytest.raises(PublishManyError) as caught:
        promising.publish_many([b"x", b"x"], 0)

    assert ("unknown", None) == (unknown.value.outcome, unknown.value.size)
    for error in (without_room.value, caught.value.failures[1]):
        assert isinstance(error, PublishTimeoutError)
        assert ("not_sent", size, size) == (error.outcome, error.size, error.limit)
    assert "unknown" == caught.value.outcome  # of the first


def test_an_error_of_reading_has_no_outcome() -> None:
    assert None is InvalidMessageError("cut off").outcome
    assert None is PublishManyError().outcome


@pytest.mark.parametrize("name", sorted(set(errors.__all__) - {"Outcome", "PublishManyError"}))
def test_facts_are_keywords_and_survive_a_process(name: str) -> None:
    facts: dict[str, Any] = {"outcome": "unknown", "path": "a.b", "size": 3, "limit": 2.5, "broker": "h:1"}

    error = pickle.loads(pickle.dumps(getattr(errors, name)("words", **facts)))

    assert facts == {fact: getattr(error, fact) for fact in facts}
    assert "words" == str(error)
    plain = getattr(errors, name)()
    assert (None, None, None, None) == (plain.path, plain.size, plain.limit, plain.broker)
