"""What a writer on a real broker promises."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewPartitions
from kafka.errors import InvalidTxnStateError
from kafka.partitioner import DefaultPartitioner
from reading import everything
from sinetstream import (
    AsyncMessageWriter,
    BufferFullError,
    ConnectionError,
    InvalidArgumentError,
    InvalidMessageError,
    MessageReader,
    MessageWriter,
    PublishManyError,
    SinetError,
    UnsupportedOperationError,
    aio,
)
from sinetstream_plugins.kafka.kafka_python.fast_send import FastSender
from sinetstream_plugins.kafka.kafka_python.producer import Producer

Service = dict[str, Any]
CONSISTENCIES: list[Any] = ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]


@pytest.mark.parametrize("consistency", CONSISTENCIES)
def test_all_that_is_published_arrives(service: Service, topic: str, consistency: Any) -> None:
    values = [b"%d" % number for number in range(500)]
    with MessageWriter(topic=topic, consistency=consistency, **service) as writer:
        writer.publish_many(values[:250])
    with AsyncMessageWriter(topic=topic, consistency=consistency, **service) as later:
        for value in values[250:]:
            later.publish(value)

    assert sorted(values) == sorted(everything(service, topic))


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_messages_without_a_key_go_to_all_partitions_also_to_new_ones(
    service: Service, topic: str, consistency: Any
) -> None:
    options = {"metadata_max_age_ms": 300}
    with (
        MessageWriter(topic=topic, consistency=consistency, type_spec=options, **service) as writer,
        closing(KafkaAdminClient(bootstrap_servers=service["brokers"])) as admin,
    ):

        def partitions() -> set[int]:
            return {record.partition for record in writer.publish_many([b""] * 60)}

        before = partitions()
        admin.create_partitions({topic: NewPartitions(3)})
        pause, deadline = threading.Event(), time.monotonic() + 10
        while 2 not in partitions() and time.monotonic() < deadline:
            pause.wait(0.1)

        assert {0, 1} == before
        assert {0, 1, 2} == partitions()


def test_a_batch_is_sent_even_if_another_thread_began_the_next_one_meanwhile(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(1)
    settings = {"bootstrap_servers": service["brokers"], "acks": -1, "enable_idempotence": True}
    times = {"bootstrap_timeout_ms": 10_000, "retry_backoff_ms": 20}
    with closing(Producer({**settings, **times}, threading.Event())) as producer:
        producer.send(topic, b"first").get(10)
        append = producer._accumulator.append

        def as_two_threads(*args: Any) -> Any:
            ours = append(*args)
            append(*args)
            return ours

        producer._accumulator.append = as_two_threads
        sender = FastSender(producer, topic)
        threading.Event().wait(0.3)  # then its thread sleeps until it is woken

        assert sender.send((b"x" * 20_000, None, None, None, None)).get(10).offset == 1


class _Last(DefaultPartitioner):  # type: ignore[misc]  # kafka-python has no type information
    def partition(self, topic: str, *_: Any) -> int:
        return 1


def test_a_partitioner_of_the_user_s_is_asked(service: Service, topic: str) -> None:
    options = {"partitioner": _Last()}
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", type_spec=options, **service) as writer:
        assert {1} == {record.partition for record in writer.publish_many([b""] * 30)}


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_too_large_a_message_is_an_error_and_the_others_arrive(service: Service, topic: str, consistency: Any) -> None:
    values = [b"a", b"x" * 2_000_000, b"b"]
    with MessageWriter(topic=topic, consistency=consistency, **service) as writer:
        with pytest.raises(PublishManyError) as failed:
            writer.publish_many(values)
        writer.publish(b"c")

    assert [1] == list(failed.value.failures)
    refused = failed.value.failures[1]
    assert isinstance(refused, InvalidMessageError)
    assert ("not_sent", 1_048_576) == (refused.outcome, refused.limit)
    assert refused.size is not None
    assert 2_000_000 <= refused.size < 2_001_000  # with the envelope
    assert [b"a", b"b", b"c"] == sorted(everything(service, topic))


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_what_the_broker_refuses_as_too_large_is_an_error_and_never_visible(
    service: Service, new_topic: Callable[..., str], consistency: Any
) -> None:
    topic = new_topic(1, max_message_bytes="10000")
    with MessageWriter(topic=topic, consistency=consistency, **service) as writer:
        with pytest.raises(InvalidMessageError):
            writer.publish(b"x" * 50_000)
        writer.publish(b"small")

    assert [b"small"] == everything(service, topic)


LIMIT = 10_000
OVERHEAD = 72
"""Of a batch with one message of 8 to 16 kB, without key, headers and SINETStream's own."""


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_message_may_be_exactly_as_large_as_the_broker_allows(
    service: Service, new_topic: Callable[..., str], consistency: Any
) -> None:
    topic = new_topic(1, max_message_bytes=str(LIMIT))
    with MessageWriter(topic=topic, consistency=consistency, user_data_only=True, **service) as writer:
        writer.publish(b"x" * (LIMIT - OVERHEAD))
        with pytest.raises(InvalidMessageError):
            writer.publish(b"y" * (LIMIT - OVERHEAD + 1))

    assert [b"x" * (LIMIT - OVERHEAD)] == everything({**service, "user_data_only": True}, topic)


def test_a_message_that_the_broker_refuses_costs_only_itself_and_the_order_stays(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic = new_topic(2, max_message_bytes=str(LIMIT))
    values = [b"%d" % number for number in range(2000)]
    refused = range(250, 2000, 500)
    for number in refused:
        values[number] += b"x" * 2 * LIMIT
    with AsyncMessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        promises = [writer.publish(value, key=b"one") for value in values]
        producer = writer._session.plugin()._sending.producer
        for promise in promises:
            promise.catch(lambda _: None).get(30)
        same = producer is writer._session.plugin()._sending.producer

    failed = {number for number, promise in enumerate(promises) if promise.is_rejected}
    assert set(refused) == failed
    assert [value for value in values if len(value) < LIMIT] == everything(service, topic)
    assert same


@pytest.mark.parametrize("consistency", CONSISTENCIES)
def test_the_buffer_memory_of_older_configurations_bounds_what_waits(
    service: Service, topic: str, consistency: Any
) -> None:
    options = {"buffer_memory": 1000}
    with AsyncMessageWriter(topic=topic, consistency=consistency, type_spec=options, **service) as writer:
        with pytest.raises(BufferFullError):
            writer.publish(b"x" * 2000).get(30)
        for _ in range(5):  # what is confirmed makes room
            assert settled(writer.publish(b"x" * 600))
            writer._session.plugin()._sending.producer.flush()

    assert len(everything(service, topic)) == 5


@pytest.mark.parametrize("consistency", CONSISTENCIES[1:])
def test_who_can_wait_for_room_in_the_buffer_memory_waits(service: Service, topic: str, consistency: Any) -> None:
    given = {"topic": topic, "consistency": consistency, "type_spec": {"buffer_memory": 3000}, **service}

    async def publish_at_once() -> None:
        async with aio.MessageWriter(**given) as writer:
            await asyncio.gather(*(writer.publish(b"x" * 1000) for _ in range(20)))

    asyncio.run(publish_at_once())
    with MessageWriter(**given) as writer:
        writer.publish_many([b"x" * 1000] * 20)

    assert len(everything(service, topic)) == 40


def settled(promise: Any) -> bool:
    promise.get(30)
    return True


def test_concurrent_publishes_share_transactions(service: Service, new_topic: Callable[..., str]) -> None:
    """A commit leaves a marker in the log, which takes an offset."""
    topic, count = new_topic(1), 50
    with MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service) as writer:
        first = writer.publish(b"first").offset
        threads = [threading.Thread(target=writer.publish, args=(b"%d" % number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = writer.publish(b"last").offset

    assert len(everything(service, topic)) == count + 2
    transactions = last - first - 1 - count
    assert 2 <= transactions < count / 2


@pytest.mark.parametrize("fail", [False, True])
def test_transactions_beside_publishes_of_other_threads(
    service: Service, new_topic: Callable[..., str], fail: bool
) -> None:
    """Neither waits for the other to stop. What other threads publish meanwhile shares the fate of the transaction."""
    topic, stop, expected, failed = new_topic(), threading.Event(), set[bytes](), list[Exception]()

    def publish(writer: MessageWriter[Any], name: bytes) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            value = name + b"%d" % number
            try:
                writer.publish(value)
            except Exception as error:  # noqa: BLE001  they are counted
                failed.append(error)

    with MessageWriter(topic=topic, consistency="EXACTLY_ONCE", publish_timeout_ms=10_000, **service) as writer:
        threads = [threading.Thread(target=publish, args=(writer, name)) for name in (b"a", b"b", b"c")]
        for thread in threads:
            thread.start()
        try:
            for number in range(30):
                value = b"%d" % number
                with suppress(KeyError), writer.transaction():
                    writer.publish(value)
                    if fail and number % 3 == 0:
                        raise KeyError
                    expected.add(value)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    assert [] == [error for error in failed if not (fail and "TransactionAborted" in str(error))]
    assert expected == {value for value in everything(service, topic) if value.isdigit()}


def test_a_transaction_that_took_too_long_says_so_and_the_next_one_works(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic, reading = new_topic(1), {"auto_offset_reset": "earliest"}
    with (
        MessageReader(topics=topic, consistency="AT_LEAST_ONCE", type_spec=reading, **service) as reader,
        MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as beside,
        MessageWriter(
            topic=topic, consistency="EXACTLY_ONCE", type_spec={"transaction_timeout_ms": 1000}, **service
        ) as writer,
    ):
        with pytest.raises(ConnectionError, match="longer than transaction_timeout_ms"), writer.transaction():  # noqa: PT012
            writer.publish(b"never")
            beside.publish(b"beside")
            assert next(reader).value == b"beside"  # which a reader sees when what is before it has ended
        with writer.transaction():
            writer.publish(b"next")

    assert [b"beside", b"next"] == everything(service, topic)


def test_a_transaction_that_an_exception_leaves_is_never_visible(service: Service, topic: str) -> None:
    with MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service) as writer:
        with pytest.raises(KeyError), writer.transaction():  # noqa: PT012  the block is what is tested
            writer.publish(b"never")
            raise KeyError
        with writer.transaction():
            writer.publish(b"in")
        writer.publish(b"out")

    assert [b"in", b"out"] == sorted(everything(service, topic))


def test_an_aborted_transaction_takes_the_reader_back(service: Service, new_topic: Callable[..., str]) -> None:
    source, target = new_topic(), new_topic()
    with MessageWriter(topic=source, consistency="AT_LEAST_ONCE", **service) as feeding:
        feeding.publish_many([b"%d" % number for number in range(20)])
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest"}
    failures = 3
    with (
        MessageReader(
            topics=source, consistency="EXACTLY_ONCE", receive_timeout_ms=1500, type_spec=reading, **service
        ) as reader,
        MessageWriter(topic=target, consistency="EXACTLY_ONCE", **service) as writer,
    ):
        more = True
        while more:
            try:
                with writer.transaction(reader):
                    message = next(reader, None)
                    more = message is not None
                    if message is not None:
                        writer.publish(message.value)
                    if failures and message is not None:
                        failures -= 1
                        raise KeyError  # noqa: TRY301  this is what is tested
            except KeyError:
                pass

    assert sorted(b"%d" % number for number in range(20)) == sorted(everything(service, target))


@pytest.mark.parametrize("seek", ["seek_to_beginning", "seek_to_end", "seek_to_time"])
def test_a_reader_cannot_seek_within_its_transaction(
    service: Service, new_topic: Callable[..., str], seek: str
) -> None:
    """It would be committed without the output, and whatever becomes of the block."""
    source, target = new_topic(1), new_topic(1)
    values = [b"%d" % number for number in range(6)]
    with MessageWriter(topic=source, consistency="AT_LEAST_ONCE", **service) as feeding:
        feeding.publish_many(values)
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest"}
    with (
        MessageReader(
            topics=source, consistency="EXACTLY_ONCE", receive_timeout_ms=1500, type_spec=reading, **service
        ) as reader,
        MessageWriter(topic=target, consistency="EXACTLY_ONCE", **service) as writer,
    ):
        with pytest.raises(SinetError, match="within its transaction"), writer.transaction(reader):  # noqa: PT012
            writer.publish(next(reader).value)
            getattr(reader, seek)(*([0] if seek == "seek_to_time" else []))
        with writer.transaction(reader):
            for message in reader:
                writer.publish(message.value)
        reader.seek_to_beginning()
        with writer.transaction(reader):
            assert next(reader).value == b"0"

    assert values == everything(service, target)


def lose_membership(consumer: Any) -> None:
    """As when the broker's answer says so, and the reader's thread has not seen it yet."""
    busy = threading.Event()

    def be_busy() -> None:
        busy.set()
        consumer._stopping.wait(1)

    threading.Thread(target=consumer._calls.run_in_consumer_thread, args=(be_busy,)).start()
    busy.wait()
    consumer._client._coordinator.reset_generation()


def test_a_transaction_of_a_reader_that_lost_its_membership_is_not_committed(
    service: Service, new_topic: Callable[..., str]
) -> None:
    """Without one, the broker would take the positions from anybody, and so twice."""
    source, target = new_topic(1), new_topic(1)
    with MessageWriter(topic=source, consistency="AT_LEAST_ONCE", **service) as feeding:
        feeding.publish_many([b"%d" % number for number in range(20)])
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest", "session_timeout_ms": 1000}
    reading |= {"heartbeat_interval_ms": 300}
    lose, done, lost = {b"5", b"9"}, 0, 0
    with (
        MessageReader(
            topics=source, consistency="EXACTLY_ONCE", receive_timeout_ms=10_000, type_spec=reading, **service
        ) as reader,
        MessageWriter(topic=target, consistency="EXACTLY_ONCE", **service) as writer,
    ):
        while done < 20:
            try:
                with writer.transaction(reader):
                    value = next(reader).value
                    writer.publish(value)
                    if value in lose:
                        lose.remove(value)
                        lose_membership(reader._plugin._consumer)
                done += 1
            except ConnectionError:
                lost += 1

    assert 2 == lost
    assert [b"%d" % number for number in range(20)] == everything(service, target)


async def _copy(service: Service, source: str, target: str, inputs: int, fail_each: int) -> None:
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest"}
    async with (
        aio.MessageReader(
            topics=source, consistency="EXACTLY_ONCE", receive_timeout_ms=10_000, type_spec=reading, **service
        ) as reader,
        aio.MessageWriter(topic=target, consistency="EXACTLY_ONCE", **service) as writer,
    ):
        done = turns = 0
        while done < inputs:
            turns += 1
            try:
                async with writer.transaction(reader):
                    message = await anext(reader)
                    await writer.publish(message.value)
                    if turns % fail_each == 0:
                        raise KeyError  # noqa: TRY301  this is what is tested
                done += 1
            except (KeyError, ConnectionError):
                pass


def test_the_same_in_asyncio_while_more_arrives(service: Service, new_topic: Callable[..., str]) -> None:
    source, target = new_topic(), new_topic()
    stop = threading.Event()

    def feed() -> None:
        with MessageWriter(topic=source, consistency="AT_LEAST_ONCE", **service) as feeding:
            for number in range(80):
                feeding.publish(b"%d" % number)
                stop.wait(0.01)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        asyncio.run(asyncio.wait_for(_copy(service, source, target, 80, 4), 100))
    finally:
        stop.set()
        thread.join()

    assert sorted(b"%d" % number for number in range(80)) == sorted(everything(service, target))


def test_a_transaction_needs_a_group_and_a_writer_that_has_them(service: Service, topic: str) -> None:
    with (
        MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **service) as reader,
        MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service) as writer,
        MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as plain,
    ):
        with pytest.raises(InvalidArgumentError, match="group_id"), writer.transaction(reader):
            pass
        with pytest.raises(UnsupportedOperationError):
            plain.transaction(reader)
        with pytest.raises(InvalidArgumentError, match="MessageReader"):
            writer.transaction(plain)  # type: ignore[arg-type]  # that is the point
        writer.publish(b"usable")


def test_a_producer_that_failed_for_good_is_replaced(service: Service, topic: str) -> None:
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        writer.publish(b"before")
        sending = writer._plugin.inner._sending
        sending.producer._transaction_manager.transition_to_fatal_error(InvalidTxnStateError())
        with pytest.raises(ConnectionError):
            writer.publish(b"refused")
        writer.publish(b"after")

    assert [b"after", b"before"] == sorted(everything(service, topic))


def test_no_thread_is_left(service: Service, topic: str) -> None:
    before = set(threading.enumerate())
    for consistency in CONSISTENCIES:
        with MessageWriter(topic=topic, consistency=consistency, **service) as writer:
            writer.publish(b"x")

    assert set(threading.enumerate()) <= before
