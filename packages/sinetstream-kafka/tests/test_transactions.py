"""What a transaction promises where something comes in between."""

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from kafka.errors import MessageSizeTooLargeError
from reading import everything
from sinetstream import (
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    MessageReader,
    MessageWriter,
    NotOpenError,
    PublishManyError,
    SinetError,
)

Service = dict[str, Any]


def fill(service: Service, topic: str, count: int) -> list[bytes]:
    values = [b"%d" % number for number in range(count)]
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        writer.publish_many(values)
    return values


def copying_from(service: Service, topic: str, timeout_ms: int = 10_000, **options: Any) -> MessageReader[bytes]:
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest", **options}
    return MessageReader(
        topics=topic, consistency="EXACTLY_ONCE", receive_timeout_ms=timeout_ms, type_spec=reading, **service
    )


def once(service: Service, topic: str, **parameters: Any) -> MessageWriter[bytes]:
    return MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **parameters, **service)


def test_a_reader_is_in_one_transaction_at_a_time(service: Service, new_topic: Callable[..., str]) -> None:
    source, one, other = new_topic(1), new_topic(1), new_topic(1)
    values = fill(service, source, 4)
    with copying_from(service, source) as reader, once(service, one) as first, once(service, other) as second:
        with pytest.raises(InvalidArgumentError, match="in a transaction already"), first.transaction(reader):  # noqa: PT012
            first.publish(next(reader).value)
            with second.transaction(reader):
                second.publish(next(reader).value)
        with second.transaction(reader):
            second.publish(next(reader).value)
        with first.transaction(reader):
            for _ in values[1:]:
                first.publish(next(reader).value)

    assert values[:1] == everything(service, other)
    assert values[1:] == everything(service, one)


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


def closed_in_a_block(writer: MessageWriter[bytes], reader: MessageReader[bytes], line: Any = None) -> float:
    took = [0.0]
    with pytest.raises(ConnectionError, match="nothing of it is committed"), writer.transaction(reader):  # noqa: PT012
        writer.publish(next(reader).value)
        if line is not None:
            line.silence()
        began = time.monotonic()
        writer.close()
        took[0] = time.monotonic() - began
    return took[0]


def test_closing_a_writer_in_a_block_aborts_the_transaction(service: Service, new_topic: Callable[..., str]) -> None:
    source, target = new_topic(1), new_topic(1)
    values = fill(service, source, 2)
    with copying_from(service, source) as reader, once(service, target) as writer:
        closed_in_a_block(writer, reader)
        with once(service, target) as another, another.transaction(reader):
            for _ in values:
                another.publish(next(reader).value)

        assert values == everything(service, target)  # nothing that is open holds them back


def test_an_exception_that_leaves_the_block_of_a_closed_writer_is_the_one_to_see(service: Service, topic: str) -> None:
    with once(service, topic) as writer:
        with pytest.raises(KeyError) as left, writer.transaction():  # noqa: PT012
            writer.publish(b"never")
            writer.close()
            raise KeyError

        assert [] == getattr(left.value, "__notes__", [])


def test_closing_a_writer_in_a_block_is_prompt_where_the_broker_does_not_answer(
    kafka_broker: Any, service: Service, new_topic: Callable[..., str]
) -> None:
    source, target = new_topic(1), new_topic(1)
    fill(service, source, 1)
    with kafka_broker.proxy() as line, copying_from(service, source) as reader:
        took = closed_in_a_block(once({**service, "brokers": line.address}, target).open(), reader, line)

    assert took < 4


def interrupt_flushing(producer: Any) -> None:
    """As Ctrl-C does, once, while the broker is waited for."""

    def interrupted(_: float) -> None:
        del producer.flush
        raise KeyboardInterrupt

    producer.flush = interrupted


def test_ctrl_c_in_a_commit_costs_that_transaction_only(service: Service, new_topic: Callable[..., str]) -> None:
    source, target = new_topic(1), new_topic(1)
    values = fill(service, source, 3)

    with copying_from(service, source) as reader, once(service, target) as writer:
        with pytest.raises(KeyboardInterrupt) as left, writer.transaction(reader):  # noqa: PT012
            writer.publish(next(reader).value)
            interrupt_flushing(writer._plugin.inner._sending.producer)
            began = time.monotonic()
        took = time.monotonic() - began
        for _ in values:
            with writer.transaction(reader):
                writer.publish(next(reader).value)

    assert took < 3
    assert [] == getattr(left.value, "__notes__", [])
    assert values == everything(service, target)


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


def test_a_rebalance_in_a_block_fails_it_and_its_inputs_come_again(
    service: Service, new_topic: Callable[..., str]
) -> None:
    source, target, group = new_topic(2), new_topic(1), f"g-{uuid4().hex}"
    values = fill(service, source, 40)
    first, second = (copying_from(service, source, 1000, group_id=group) for _ in range(2))
    with first, closing(second), once(service, target) as writer:
        with pytest.raises(ConnectionError, match="another reader"), writer.transaction(first):  # noqa: PT012
            for _ in values:
                writer.publish(next(first).value)
            second.open()
        theirs = [message.value for message in second]
        with writer.transaction(first):
            ours = [message.value for message in first]
            for value in ours:
                writer.publish(value)

    assert theirs
    assert ours
    assert sorted(values) == sorted(theirs + ours)
    assert sorted(ours) == sorted(everything(service, target))


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
