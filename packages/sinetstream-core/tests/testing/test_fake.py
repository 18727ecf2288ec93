"""The fake broker serves tests of applications."""

import threading

import pytest
from sinetstream import (
    AT_LEAST_ONCE,
    AsyncMessageWriter,
    AuthorizationError,
    ConnectionError,
    MessageReader,
    MessageWriter,
    UnsupportedOperationError,
    UnsupportedServiceTypeError,
)
from sinetstream.testing import FakeBroker


def test_it_is_there_only_while_it_is_used() -> None:
    with FakeBroker() as broker:
        MessageWriter(topic="t", **broker.params)

    with pytest.raises(UnsupportedServiceTypeError):
        MessageWriter(topic="t", **broker.params)


def test_it_listens_to_other_processes_only_for_the_kit() -> None:
    with FakeBroker() as broker:
        assert "type_spec" not in broker.params
        assert broker.harness().params["type_spec"]["address"]


def test_it_remembers_what_was_published_and_finished() -> None:
    with FakeBroker() as broker:
        with MessageWriter(topic="t", user_data_only=True, **broker.params) as writer:
            writer.publish(b"one", key="a key")
            writer.publish(b"two")
        with MessageReader(topics="t", user_data_only=True, consistency=AT_LEAST_ONCE, **broker.params) as reader:
            next(reader)
            next(reader)
            finished = [record.payload for record in broker.acknowledged]

    assert [(b"one", b"a key"), (b"two", None)] == [(record.payload, record.key) for record in broker.published]
    assert [b"one"] == finished


def test_it_goes_away_and_comes_back() -> None:
    with FakeBroker() as broker, MessageWriter(topic="t", **broker.params) as writer:
        broker.interrupt()
        with pytest.raises(ConnectionError):
            writer.publish(b"lost")
        with pytest.raises(ConnectionError):
            MessageReader(topics="t", **broker.params).open()
        broker.restore()
        writer.publish(b"sent")

    assert len(broker.published) == 1


def test_it_refuses() -> None:
    with FakeBroker() as broker:
        broker.refuse()
        with pytest.raises(AuthorizationError):
            MessageWriter(topic="t", **broker.params).open()


def test_it_holds_confirmations_back() -> None:
    confirmed = threading.Event()
    with FakeBroker() as broker, AsyncMessageWriter(topic="t", **broker.params) as writer:
        broker.hold()
        promise = writer.publish(b"wait")
        promise.then(lambda _: confirmed.set())
        assert len(broker.published) == 1
        assert promise.is_pending
        broker.release()
        assert confirmed.wait(5)


def test_it_declares_what_it_is_told_to() -> None:
    with FakeBroker(abilities=()) as broker, pytest.raises(UnsupportedOperationError):
        MessageWriter(topic="t", consistency=AT_LEAST_ONCE, **broker.params)
