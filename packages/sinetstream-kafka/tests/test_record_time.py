"""Which time a record has, and so how long Kafka keeps it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from reading import Service, eventually
from sinetstream import InvalidArgumentError, MessageReader, MessageWriter, PublishManyError, UnsupportedOperationError

MONTH_S = 30 * 86_400
MESSAGE_TIME: Service = {"record_time": "message"}


def writer(service: Service, topic: str, **parameters: Any) -> MessageWriter[bytes]:
    return MessageWriter(topic=topic, **{"consistency": "AT_LEAST_ONCE", **parameters}, **service)


def read(service: Service, topic: str, count: int, **parameters: Any) -> list[Any]:
    options = {"auto_offset_reset": "earliest"}
    with MessageReader(topics=topic, receive_timeout_ms=5000, type_spec=options, **parameters, **service) as reader:
        return [next(reader) for _ in range(count)]


def test_a_record_has_the_time_of_publishing_and_the_message_its_own(service: Service, topic: str) -> None:
    before = time.time()
    with writer(service, topic) as publishing:
        publishing.publish(b"x", timestamp=1234.5678)
    after = time.time()
    (message,) = read(service, topic, 1)

    assert message.timestamp_us == 1234567800
    assert int(before * 1000) <= message.raw.timestamp <= after * 1000


def test_with_record_time_message_the_record_has_the_time_of_the_message(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1, retention_ms="-1")
    with writer(service, topic, type_spec=MESSAGE_TIME) as publishing:
        publishing.publish(b"x", timestamp=1234.5678)
    with writer(service, topic, type_spec=MESSAGE_TIME, user_data_only=True) as publishing:
        publishing.publish(b"x", timestamp=1234.5678)
    (first,) = read(service, topic, 1)
    last = read(service, topic, 2, user_data_only=True)[-1]

    assert (1234567, 1234567800) == (first.raw.timestamp, first.timestamp_us)
    assert (1234567, 1234567000) == (last.raw.timestamp, last.timestamp_us)


def test_a_time_that_would_be_lost_is_refused_naming_the_option_that_keeps_it(service: Service, topic: str) -> None:
    with (
        writer(service, topic, user_data_only=True) as publishing,
        pytest.raises(UnsupportedOperationError, match=r"type_spec\.record_time: message"),
    ):
        publishing.publish(b"x", timestamp=1234.5678)


def test_another_record_time_is_refused(service: Service, topic: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"type_spec\.record_time"):
        writer(service, topic, type_spec={"record_time": "now"})


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE"])
def test_a_time_in_the_future_costs_no_message(service: Service, topic: str, consistency: str) -> None:
    """A broker refuses every record that is batched with one of the future."""
    values = [b"%d" % number for number in range(10)]
    with writer(service, topic, consistency=consistency, type_spec={"linger_ms": 100}) as publishing:
        for number, value in enumerate(values):
            publishing.publish(value, timestamp=time.time() + (number % 2) * MONTH_S)
    got = read(service, topic, len(values))

    assert sorted(values) == sorted(message.value for message in got)


def test_with_record_time_message_a_time_in_the_future_is_refused_by_the_broker(service: Service, topic: str) -> None:
    with writer(service, topic, type_spec=MESSAGE_TIME) as publishing, pytest.raises(PublishManyError):
        publishing.publish_many([b"x"], timestamp=time.time() + MONTH_S)


def checks_retention_every_ms(address: str) -> int:
    name = "log.retention.check.interval.ms"
    client = KafkaAdminClient(bootstrap_servers=address)
    try:
        broker = ConfigResource(ConfigResourceType.BROKER, "1", [name])
        described = client.describe_configs([broker], config_filter="all")
    finally:
        client.close()
    return int(described["broker"]["1"][name]["value"])


@pytest.mark.timeout(120)
def test_what_is_published_with_an_old_time_is_kept_as_long_as_what_is_published_now(
    service: Service, new_topic: Callable[..., str]
) -> None:
    """The topic whose records have the old times shows when retention has run."""
    if checks_retention_every_ms(service["brokers"]) > 10_000:
        pytest.skip("this broker looks too seldom for what it has kept for too long")
    kept, deleted = new_topic(1), new_topic(1)
    for topic, options in ((kept, {}), (deleted, MESSAGE_TIME)):
        with writer(service, topic, type_spec=options) as publishing:
            publishing.publish_many([b"x"] * 50, timestamp=time.time() - MONTH_S)
    consumer = KafkaConsumer(bootstrap_servers=service["brokers"])

    def oldest(topic: str) -> int:
        partition = TopicPartition(topic, 0)
        return int(consumer.beginning_offsets([partition])[partition])

    try:
        assert eventually(lambda: oldest(deleted) == 50, 60)
        assert oldest(kept) == 0
    finally:
        consumer.close()
