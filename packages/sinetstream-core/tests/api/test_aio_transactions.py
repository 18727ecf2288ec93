"""A task that is cancelled in the middle of a transaction: all of it or nothing, and nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sinetstream import EXACTLY_ONCE
from sinetstream.aio import MessageReader, MessageWriter
from sinetstream.testing import FakeBroker
from sinetstream.testing.fake.exchange import FakeDisconnectedError
from sinetstream.testing.fake.plugin import FakeAsyncWriter
from sinetstream.testing.fake.transaction import Transaction

from .doubles import WAIT

SENT = [b"0", b"1", b"2"]


class Slow:
    """In the place of a method: says that it is called, and goes on when it may."""

    def __init__(self, method: Callable[..., Any], *, fails: bool = False) -> None:
        self._method = method
        self._fails = fails
        self.called = threading.Event()
        self.may_go_on = threading.Event()

    def __get__(self, owner: Any, _: object) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            self.called.set()
            assert self.may_go_on.wait(WAIT)
            if self._fails:
                raise FakeDisconnectedError("the broker went away")
            return self._method(owner, *args)

        return call


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker() as broker:
        yield broker


def cancelled_in(slow: Slow, broker: FakeBroker) -> list[bytes]:
    """Publish what was read, in a transaction whose task is cancelled while `slow` runs; gives what is read after that."""
    given: dict[str, Any] = {**broker.params, "consistency": EXACTLY_ONCE, "user_data_only": True}

    async def main() -> list[bytes]:
        async with (
            MessageWriter(topic="in", **given) as sender,
            MessageReader(topics="in", type_spec={"subscription": "s"}, receive_timeout_ms=300, **given) as reader,
            MessageWriter(topic="out", **given) as writer,
        ):
            await sender.publish_many(SENT)

            async def transaction() -> None:
                async with writer.transaction(reader):
                    await writer.publish((await anext(reader)).value)

            task = asyncio.create_task(transaction())
            await asyncio.to_thread(slow.called.wait, WAIT)
            task.cancel()
            await asyncio.sleep(0.05)
            assert not task.done()
            task.cancel()
            slow.may_go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            return [message.value async for message in reader]

    return asyncio.run(asyncio.wait_for(main(), 4 * WAIT))


def written(broker: FakeBroker) -> list[bytes]:
    return [record.payload for record in broker.published if record.topic == "out"]


def test_cancelled_in_a_commit_that_fails_it_has_gone_back(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(Transaction.commit, fails=True)
    monkeypatch.setattr(Transaction, "commit", slow)

    assert cancelled_in(slow, broker) == SENT
    assert not written(broker)


def test_cancelled_in_a_commit_that_succeeds_it_is_committed(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(Transaction.commit)
    monkeypatch.setattr(Transaction, "commit", slow)

    assert cancelled_in(slow, broker) == SENT[1:]
    assert written(broker) == SENT[:1]


@pytest.mark.parametrize("fails", [False, True])
def test_cancelled_while_it_begins_it_has_not_begun(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    slow = Slow(FakeAsyncWriter.transaction, fails=fails)
    monkeypatch.setattr(FakeAsyncWriter, "transaction", slow)

    assert cancelled_in(slow, broker) == SENT
    assert not written(broker)
