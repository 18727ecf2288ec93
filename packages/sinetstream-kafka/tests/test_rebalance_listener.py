"""What a group of readers promises while partitions come and go."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
from kafka import TopicPartition
from kafka.errors import RebalanceInProgressError
from reading import EARLIEST, Service, committed, eventually, group, write
from sinetstream import MessageReader, aio


def test_a_member_that_waits_for_a_rebalance_stays_one(service: Service, topic: str) -> None:
    ours = group(session_timeout_ms=1000, heartbeat_interval_ms=300, **EARLIEST)

    def reader() -> MessageReader[bytes]:
        return MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=8000, **ours, **service)

    write(service, topic, 60)  # each goes to a partition at random, and both must have some
    with reader() as one, reader() as other, reader() as newcomer_to_be:
        newcomer_to_be.close()
        assert eventually(lambda: len(one._plugin._consumer._member.assignment.states()) == 1)
        before = one._plugin._consumer.group_metadata().member_id
        next(other)
        opening = threading.Thread(target=newcomer_to_be.open)
        opening.start()  # the group waits for `other`, which has a message in flight
        opening.join(3.5)
        next(other, None)
        opening.join(10)

        assert not opening.is_alive()
        assert before == one._plugin._consumer.group_metadata().member_id


def test_what_is_finished_is_committed_before_the_partitions_go(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    write(service, topic, 60)

    def reader() -> MessageReader[bytes]:
        return MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=8000, **ours, **service)

    other = reader()
    with reader() as one, closing(other):
        for _ in range(10):
            next(one)
        states = one._plugin._consumer._member.assignment.states()
        opening = threading.Thread(target=other.open)
        opening.start()
        assert eventually(lambda: all(state.revoked for state in states))  # it waits for the message in flight
        next(one, None)
        opening.join(10)

        assert not opening.is_alive()
        assert committed(service, topic, ours["type_spec"]["group_id"]) == 10


async def _work_slowly(
    service: Service, topic: str, ours: Service, working: threading.Event, stop: threading.Event
) -> None:
    async with aio.MessageReader(
        topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=1000, **ours, **service
    ) as reader:
        async for _ in reader:
            working.set()
            await asyncio.sleep(0.2)
            if stop.is_set():
                break


def test_a_rebalance_does_not_wait_for_what_asyncio_has_received_ahead(service: Service, topic: str) -> None:
    ours, working, stop = group(**EARLIEST), threading.Event(), threading.Event()
    write(service, topic, 300)
    one = threading.Thread(target=lambda: asyncio.run(_work_slowly(service, topic, ours, working, stop)))
    one.start()
    try:
        assert working.wait(10)
        began = time.monotonic()
        with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **ours, **service):
            took = time.monotonic() - began
    finally:
        stop.set()
        one.join()

    assert took < 4.5


def test_a_position_does_not_outlive_the_assignment(service: Service, topic: str) -> None:
    """kafka-python keeps it for a partition that comes back, also where others had it meanwhile."""
    write(service, topic, 10)
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **group(**EARLIEST), **service) as reader:
        consumer = reader._plugin._consumer
        client = consumer._client
        assigned = client.assignment()
        client._net.run(consumer._listener.on_partitions_revoked, assigned)

        assert len(assigned) == 2
        assert set() == client.assignment()


def test_positions_committed_by_others_are_left_alone(service: Service, topic: str) -> None:
    """A reader commits where it starts only where nothing is committed; and never what is not its own any more."""
    ours = group(**EARLIEST)
    write(service, topic, 10)
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **ours, **service) as reader:
        consumer = reader._plugin._consumer
        partitions = consumer._client.assignment()
        assert partitions == consumer._offsets._fetch_committed(partitions).keys()
        with pytest.raises(RebalanceInProgressError):
            consumer._offsets.commit({TopicPartition(topic, 7): 0})


def test_at_most_once_what_a_reader_has_received_survives_a_rebalance(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    values = write(service, topic, 300)

    def reader() -> MessageReader[bytes]:
        return MessageReader(topics=topic, receive_timeout_ms=2000, **ours, **service)

    with reader() as one:
        seen = [next(one).value]
        with reader() as other:
            seen += [message.value for message in one]
            seen += [message.value for message in other]

    assert sorted(values) == sorted(seen)


def test_readers_of_different_topics_in_one_group_miss_nothing(service: Service, new_topic: Callable[..., str]) -> None:
    """Who leads a group may not know the topics of the others yet: they get their partitions only later."""
    ours, topics = group(session_timeout_ms=1000, heartbeat_interval_ms=300), [new_topic(1) for _ in range(4)]
    with ExitStack() as stack:
        readers = [
            stack.enter_context(MessageReader(topics=topic, receive_timeout_ms=8000, **ours, **service))
            for topic in topics
        ]
        for topic in topics:
            write(service, topic, 1)

        assert [b"0"] * 4 == [next(reader).value for reader in readers]


def test_slow_processing_does_not_lose_the_partitions(service: Service, topic: str) -> None:
    ours = group(session_timeout_ms=1000, heartbeat_interval_ms=300, max_poll_interval_ms=1500, **EARLIEST)
    values = write(service, topic, 3, key="one")
    seen = []
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=2000, **ours, **service) as reader:
        for message in reader:
            seen.append(message.value)
            time.sleep(2)  # longer than Kafka waits for a member that does not poll

    assert values == seen
