"""What a writer at EXACTLY_ONCE promises where the broker refuses a message, a transaction or the writer."""

import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from kafka.errors import MessageSizeTooLargeError
from reading import Service, everything
from sinetstream import ConnectionError, InvalidMessageError, MessageWriter, NotOpenError, PublishManyError, SinetError
from transacting import once


@pytest.mark.parametrize("size", [50_000, 12_000])  # in a batch of its own, and with others
def test_a_refused_message_is_told_from_those_that_only_shared_its_transaction(
    service: Service, new_topic: Callable[..., str], size: int
) -> None:
    topic = new_topic(2, max_message_bytes="10000")
    with once(service, topic) as writer:
        with pytest.raises(PublishManyError) as failed:
            writer.publish_many([b"a"] * 50 + [b"x" * size] + [b"b"] * 50)
        writer.publish(b"c")

    errors = dict(failed.value.failures)
    assert isinstance(errors.pop(50), InvalidMessageError)
    assert errors
    for error in errors.values():
        assert isinstance(error, ConnectionError)
        assert "publish this one again" in str(error)
        assert isinstance(error.__cause__, MessageSizeTooLargeError)
    values = everything(service, topic)
    assert values.count(b"a") + values.count(b"b") == 100 - len(errors)
    assert b"c" in values


def test_small_messages_that_are_too_much_together_are_sent_apart(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic, values = new_topic(1, max_message_bytes="5000"), [b"%d" % number + b"x" * 1000 for number in range(100)]
    with once(service, topic) as writer:
        writer.publish_many(values)

    assert values == everything(service, topic)


def test_a_block_with_a_refused_message_says_that_it_is_refused(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1, max_message_bytes="10000")
    with once(service, topic) as writer:
        with pytest.raises(InvalidMessageError), writer.transaction():  # noqa: PT012  the block is what is tested
            writer.publish(b"never")
            with pytest.raises(InvalidMessageError):
                writer.publish(b"x" * 50_000)
            with pytest.raises(ConnectionError, match="publish this one again"):
                writer.publish(b"never")
        with writer.transaction():
            writer.publish(b"next")

    assert [b"next"] == everything(service, topic)


def test_many_messages_take_as_many_transactions_as_their_time_limit_asks_for(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic, values = new_topic(1), [b"%d" % number + b"x" * 10_000 for number in range(1000)]
    with once(service, topic, type_spec={"transaction_timeout_ms": 1200}) as writer:
        writer.publish_many(values)

    assert sorted(values) == sorted(everything(service, topic))


def test_a_transaction_that_could_not_begin_does_not_keep_the_next_from_it(service: Service, topic: str) -> None:
    with once(service, topic) as writer:
        writer.publish(b"before")
        manager = writer._plugin.inner._sending.producer._transaction_manager
        manager.begin_transaction()  # as where it was interrupted there
        with pytest.raises(SinetError), writer.transaction():
            pass
        with writer.transaction():
            writer.publish(b"after")

    assert [b"after", b"before"] == sorted(everything(service, topic))


def test_what_is_left_of_a_transaction_that_took_too_long_is_not_waited_for(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1)
    with once(service, topic, type_spec={"transaction_timeout_ms": 500}) as writer:
        plugin = writer._plugin.inner
        began = time.monotonic()
        transaction = plugin.transaction()
        for _ in range(1000):
            plugin.publish(b"x" * 10_000)
        with pytest.raises(ConnectionError, match="longer than transaction_timeout_ms"):
            transaction.commit()
        took = time.monotonic() - began
        transaction.abort()
        writer.publish(b"next")

    assert took < 10
    assert [b"next"] == everything(service, topic)


FAST_TIMEOUT = {"transaction_timeout_ms": 500}


def take_too_long(writer: MessageWriter[bytes]) -> None:
    """Fail with a transaction that the broker has aborted meanwhile."""
    broker_aborted = threading.Event()
    with pytest.raises(ConnectionError, match="longer than transaction_timeout_ms"), writer.transaction():  # noqa: PT012
        writer.publish(b"never")
        broker_aborted.wait(2)  # it looks every half second


@pytest.mark.parametrize("own", [{}, {"transactional_id": "t-"}], ids=["random id", "fixed id"])
def test_after_a_transaction_that_took_too_long_the_next_one_commits(
    service: Service, new_topic: Callable[..., str], own: Service
) -> None:
    topic = new_topic(1)
    options = FAST_TIMEOUT | {name: value + uuid4().hex for name, value in own.items()}
    with once(service, topic, type_spec=options) as writer:
        take_too_long(writer)
        with writer.transaction():
            writer.publish(b"next")
        writer.publish(b"last")

    assert [b"next", b"last"] == everything(service, topic)


def test_a_writer_whose_transactional_id_another_takes_is_closed(service: Service, topic: str) -> None:
    options = {"transactional_id": f"t-{uuid4().hex}"}
    with once(service, topic, type_spec=options) as first:
        first.publish(b"1")
        with once(service, topic, type_spec=options) as second:
            second.publish(b"2")
            for _ in range(2):
                with pytest.raises(NotOpenError, match="transactional_id"):
                    first.publish(b"fenced")
            with pytest.raises(NotOpenError, match="open it again"), first.transaction():
                pass
            second.publish(b"3")
        first.close()
        first.open()
        first.publish(b"4")

    assert [b"1", b"2", b"3", b"4"] == sorted(everything(service, topic))


def test_a_writer_that_took_too_long_does_not_take_its_transactional_id_back(service: Service, topic: str) -> None:
    options = FAST_TIMEOUT | {"transactional_id": f"t-{uuid4().hex}"}
    with once(service, topic, type_spec=options) as first:
        take_too_long(first)
        with once(service, topic, type_spec=options) as second:
            second.publish(b"1")
            with pytest.raises(NotOpenError, match="another writer has taken over"):
                first.publish(b"fenced")
            second.publish(b"2")

    assert [b"1", b"2"] == sorted(everything(service, topic))
