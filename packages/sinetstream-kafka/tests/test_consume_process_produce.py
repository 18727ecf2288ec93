"""What a transaction with a reader promises where something comes in between."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from reading import Service, everything
from sinetstream import ConnectionError, InvalidArgumentError, MessageReader, MessageWriter
from transacting import copying_from, fill, once


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
