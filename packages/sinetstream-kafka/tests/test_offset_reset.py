"""Where reading goes on when the group has no offset of a partition, or one that is not valid any more."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import NewPartitions
from kafka.errors import LogTruncationError
from reading import Service, eventually, group, write
from sinetstream import MessageReader, SinetError
from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.offset_reset import OffsetReset


@pytest.fixture
def admin(service: Service) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=service["brokers"])
    yield client
    client.close()


def publish(service: Service, topic: str, *values: bytes, partition: int = 0) -> None:
    producer = KafkaProducer(bootstrap_servers=service["brokers"])
    for value in values:
        producer.send(topic, value, partition=partition)
    producer.flush()
    producer.close()


def commit(service: Service, topic: str, ours: Service, offset: int, partition: int = 0) -> None:
    consumer = KafkaConsumer(bootstrap_servers=service["brokers"], group_id=ours["type_spec"]["group_id"])
    consumer.commit({TopicPartition(topic, partition): OffsetAndMetadata(offset, "", -1)})
    consumer.close(autocommit=False)


def reader(service: Service, topic: str, ours: Service, consistency: Any = "AT_LEAST_ONCE", **parameters: Any) -> Any:
    parameters = {"receive_timeout_ms": 3000, "user_data_only": True, **parameters}
    return MessageReader(topics=topic, consistency=consistency, **parameters, **ours, **service)


def values(reading: Any) -> list[bytes]:
    return [message.value for message in reading]


def numbers(first: int, end: int) -> list[bytes]:
    return [b"%d" % number for number in range(first, end)]


@pytest.mark.parametrize("options", [{}, {"auto_offset_reset": "earliest"}, {"auto_offset_reset": "largest"}])
def test_retention_that_overtakes_a_group_costs_what_was_deleted_and_no_more(
    service: Service,
    new_topic: Callable[..., str],
    admin: KafkaAdminClient,
    options: Service,
    caplog: pytest.LogCaptureFixture,
) -> None:
    topic, ours = new_topic(1), group(**options)
    commit(service, topic, ours, 3)
    publish(service, topic, *numbers(0, 10))
    admin.delete_records({TopicPartition(topic, 0): 6})
    with reader(service, topic, ours) as reading:
        got = values(reading)
        gap = reading.metrics.raw["gap"]
    with reader(service, topic, ours, receive_timeout_ms=1000) as reading:
        again = values(reading)

    assert numbers(6, 10) == got
    assert {f"{topic}-0": 3} == gap
    warnings = [text for text in caplog.messages if "deleted before they were read" in text]
    assert ["up to 3 messages" in text and f"{topic}-0" in text for text in warnings] == [True]
    assert again == []


def test_the_offset_behind_retention_is_committed_also_when_nothing_is_left(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient, caplog: pytest.LogCaptureFixture
) -> None:
    topic, ours = new_topic(1), group()
    commit(service, topic, ours, 3)
    publish(service, topic, *numbers(0, 10))
    admin.delete_records({TopicPartition(topic, 0): 10})
    for _ in range(2):
        with reader(service, topic, ours, receive_timeout_ms=1500) as reading:
            assert [] == values(reading)

    assert ["up to 7 messages" in text for text in caplog.messages if "deleted before they were read" in text] == [True]


def test_an_open_reader_that_retention_overtakes_goes_on_at_the_oldest_message(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient, caplog: pytest.LogCaptureFixture
) -> None:
    topic = new_topic(1)
    ours = group(auto_offset_reset="earliest", max_partition_fetch_bytes=2000, max_poll_records=10)
    publish(service, topic, *numbers(0, 4000))
    with reader(service, topic, ours) as reading:
        first = next(reading).value
        assert eventually(reading._plugin._consumer._member.buffer.is_full)
        admin.delete_records({TopicPartition(topic, 0): 3500})
        got = [first, *values(reading)]
        (gap,) = reading.metrics.raw["gap"].values()

    kept = len(got) - 500
    assert 1000 <= kept < 3500
    assert numbers(0, kept) + numbers(3500, 4000) == got
    assert gap == 3500 - kept
    assert sum("deleted before they were read" in text for text in caplog.messages) == 1


def test_an_offset_beyond_the_end_goes_back_to_the_oldest_message(
    service: Service, new_topic: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """As after a topic was deleted and created anew."""
    topic, ours = new_topic(1), group()
    commit(service, topic, ours, 100)
    publish(service, topic, *numbers(0, 10))
    with reader(service, topic, ours) as reading:
        assert numbers(0, 10) == values(reading)
    publish(service, topic, b"new")
    with reader(service, topic, ours) as reading:
        assert [b"new"] == values(reading)

    assert sum("truncated or created anew" in text for text in caplog.messages) == 1


def test_a_partition_that_was_added_while_nobody_read_is_read_from_its_first_message(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient
) -> None:
    topic, ours = new_topic(1), group()
    with reader(service, topic, ours) as reading:
        publish(service, topic, b"before")
        assert next(reading).value == b"before"
    admin.create_partitions({topic: NewPartitions(2)})
    publish(service, topic, b"added", partition=1)
    with reader(service, topic, ours) as reading:
        assert [b"added"] == values(reading)


def test_a_partition_without_an_offset_beside_others_is_read_from_its_oldest_message(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient, caplog: pytest.LogCaptureFixture
) -> None:
    """As where one offset has expired."""
    topic, ours = new_topic(2), group()
    publish(service, topic, *numbers(0, 5), partition=0)
    publish(service, topic, *numbers(5, 10), partition=1)
    admin.delete_records({TopicPartition(topic, 1): 2})
    commit(service, topic, ours, 5, partition=0)
    with reader(service, topic, ours) as reading:
        got = values(reading)
        gap = reading.metrics.raw["gap"]

    assert numbers(7, 10) == got
    assert {f"{topic}-1": 2} == gap
    assert ["up to 2 before it" in text for text in caplog.messages if "but of others" in text] == [True]


def test_a_group_that_starts_for_the_first_time_reads_what_auto_offset_reset_says(
    service: Service, new_topic: Callable[..., str]
) -> None:
    """Also where several readers start at once, and the first has committed before the last looks."""
    topic, ours = new_topic(4), group()
    for partition in range(4):
        publish(service, topic, b"old", partition=partition)
    got: list[bytes] = []
    with ExitStack() as stack:
        readers = [reader(service, topic, ours, receive_timeout_ms=2000) for _ in range(3)]
        threads = [threading.Thread(target=stack.enter_context, args=(each,)) for each in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for partition in range(4):
            publish(service, topic, b"new", partition=partition)
        for each in readers:
            got += values(each)

    assert [b"new"] * 4 == got


@pytest.mark.parametrize("offset", [None, 3], ids=["no offset", "deleted"])
def test_where_auto_offset_reset_is_none_the_reader_raises(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient, offset: int | None
) -> None:
    topic, ours = new_topic(1), group(auto_offset_reset="none")
    publish(service, topic, *numbers(0, 10))
    admin.delete_records({TopicPartition(topic, 0): 6})
    if offset is not None:
        commit(service, topic, ours, offset)

    with pytest.raises(SinetError), reader(service, topic, ours) as reading:
        values(reading)


def test_at_most_once_skips_what_auto_offset_reset_says(
    service: Service, new_topic: Callable[..., str], admin: KafkaAdminClient
) -> None:
    topic, ours = new_topic(1), group()
    commit(service, topic, ours, 3)
    publish(service, topic, *numbers(0, 10))
    admin.delete_records({TopicPartition(topic, 0): 6})
    with reader(service, topic, ours, "AT_MOST_ONCE") as reading:
        assert [] == values(reading)
        write(service, topic, 1)
        assert len(values(reading)) == 1


class Client:
    """Stands for kafka-python's consumer, in the middle of a log that begins at 2."""

    def __init__(self, partition: TopicPartition) -> None:
        self.sought: dict[TopicPartition, int] = {}
        self._partition = partition

    def assignment(self) -> set[TopicPartition]:
        return {self._partition}

    def position(self, partition: TopicPartition) -> int:
        return 10

    def beginning_offsets(self, partitions: Any, timeout_ms: int) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 2)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = offset


@pytest.mark.parametrize("diverging", [None, OffsetAndMetadata(7, "", 1)])
def test_a_truncated_log_is_read_again_from_its_oldest_message(
    diverging: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the broker tells up to where it was the same: a topic created anew answers alike."""
    partition = TopicPartition("t", 0)
    client: Any = Client(partition)
    assignment = Assignment()
    assignment.replace([partition])
    assignment.states()[0].start(10)
    reset = OffsetReset(client, assignment, threading.Event(), "latest", is_lossless=True)
    reset.recover(LogTruncationError({partition: diverging, TopicPartition("t", 1): None}))

    assert {partition: 2} == client.sought
    assert assignment.states()[0].position == 2
    assert ["t-0: offset 10" in text for text in caplog.messages] == [True]
