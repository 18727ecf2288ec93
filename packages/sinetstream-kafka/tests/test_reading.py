"""What a reader on a real broker promises."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaTimeoutError, RebalanceInProgressError
from sinetstream import (
    AsyncMessageReader,
    ConnectionError,
    InvalidArgumentError,
    MessageReader,
    MessageWriter,
    SinetError,
    aio,
)

Service = dict[str, Any]
EARLIEST = {"auto_offset_reset": "earliest"}


def group(**options: Any) -> Service:
    return {"type_spec": {"group_id": f"g-{uuid4().hex}", **options}}


def write(service: Service, topic: str, count: int, **publish: Any) -> list[bytes]:
    values = [b"%d" % number for number in range(count)]
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        if publish:
            for value in values:
                writer.publish(value, **publish)
        else:
            writer.publish_many(values)
    return values


def committed(service: Service, topic: str, group_id: str, partitions: int = 2) -> int:
    consumer = KafkaConsumer(bootstrap_servers=service["brokers"], group_id=group_id, enable_auto_commit=False)
    try:
        return sum(consumer.committed(TopicPartition(topic, number)) or 0 for number in range(partitions))
    finally:
        consumer.close()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        pause.wait(0.05)
    return condition()


def test_what_is_published_after_open_is_read(service: Service, topic: str) -> None:
    with MessageReader(topics=topic, receive_timeout_ms=5000, **service) as reader:
        write(service, topic, 1)

        assert next(reader).value == b"0"


def test_a_topic_that_is_made_by_reading_it_misses_nothing(service: Service) -> None:
    topic = f"kafka-{uuid4().hex}"
    with MessageReader(topics=topic, receive_timeout_ms=5000, **group(), **service) as reader:
        write(service, topic, 1)

        assert next(reader).value == b"0"


def test_keys_headers_and_times_arrive(service: Service, topic: str) -> None:
    with MessageReader(topics=topic, receive_timeout_ms=5000, **service) as reader:
        write(service, topic, 1, key="k", headers={"h": b"1"}, timestamp=1234.5678)
        message = next(reader)

    assert (b"k", {"h": b"1"}) == (message.key, message.headers)
    assert message.raw.timestamp == 1234567
    assert message.timestamp_us == 1234567800


def test_messages_with_one_key_stay_in_order(service: Service, topic: str) -> None:
    values = write(service, topic, 50, key="one")
    with MessageReader(topics=topic, receive_timeout_ms=2000, type_spec=EARLIEST, **service) as reader:
        assert values == [message.value for message in reader]


def test_a_group_goes_on_after_what_was_finished(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    write(service, topic, 30)
    seen: list[bytes] = []
    for _ in range(3):
        with MessageReader(
            topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **ours, **service
        ) as reader:
            seen += [next(reader).value for _ in range(10)]

    assert sorted(seen) == sorted(b"%d" % number for number in range(30))


def test_what_an_exception_interrupted_comes_again(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    write(service, topic, 1)
    with (  # noqa: PT012  the block is what is tested
        pytest.raises(KeyError),
        MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **ours, **service) as reader,
    ):
        next(reader)
        raise KeyError

    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **ours, **service) as reader:
        assert next(reader).value == b"0"


def test_finished_messages_are_committed_within_a_second(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    write(service, topic, 10)
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **ours, **service) as reader:
        for _ in range(10):
            next(reader)

        assert eventually(lambda: committed(service, topic, ours["type_spec"]["group_id"]) == 9, 2)


def test_at_most_once_commits_before_handing_out(service: Service, topic: str) -> None:
    ours = group(**EARLIEST)
    write(service, topic, 10)
    with MessageReader(topics=topic, consistency="AT_MOST_ONCE", receive_timeout_ms=5000, **ours, **service) as reader:
        next(reader)

        assert committed(service, topic, ours["type_spec"]["group_id"]) > 0


KILLED = """
import os, signal, sys
from sinetstream import MessageReader
address, topic, group, reset = sys.argv[1:]
with MessageReader(topics=topic, no_config=True, type="kafka", brokers=address, consistency="AT_LEAST_ONCE",
                   type_spec={"group_id": group, "auto_offset_reset": reset, "session_timeout_ms": 1000,
                              "heartbeat_interval_ms": 300}) as reader:
    print("open", flush=True)
    for number, message in enumerate(reader):
        print(message.value.decode(), flush=True)
        if number == 0 and reset == "latest":
            os.kill(os.getpid(), signal.SIGKILL)
"""


def victim(service: Service, topic: str, group_id: str, reset: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", KILLED, service["brokers"], topic, group_id, reset]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_new_group_that_is_killed_on_its_first_message_gets_it_again(service: Service, topic: str) -> None:
    ours = group(session_timeout_ms=1000, heartbeat_interval_ms=300)
    process = victim(service, topic, ours["type_spec"]["group_id"], "latest")
    assert line(process) == "open"
    write(service, topic, 1)
    assert line(process) == "0"
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()

    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=8000, **ours, **service) as reader:
        assert next(reader).value == b"0"


def test_three_processes_share_a_topic_and_one_killed_is_taken_over(
    service: Service, new_topic: Callable[..., str]
) -> None:
    topic, group_id = new_topic(6), f"g-{uuid4().hex}"
    processes = [victim(service, topic, group_id, "earliest") for _ in range(3)]
    seen: list[str] = []
    readers = []
    try:
        for process in processes:
            assert line(process) == "open"

            def follow(process: "subprocess.Popen[str]" = process) -> None:
                assert process.stdout is not None
                seen.extend(text.strip() for text in process.stdout)

            readers.append(threading.Thread(target=follow))
            readers[-1].start()
        first = write(service, topic, 300)
        assert eventually(lambda: {value.decode() for value in first} <= set(seen))
        processes[0].send_signal(signal.SIGKILL)
        began = time.monotonic()
        with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
            writer.publish_many([f"later{number}".encode() for number in range(100)])

        assert eventually(lambda: {f"later{number}" for number in range(100)} <= set(seen), 15)
        assert time.monotonic() - began < 5  # of which the session takes one
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for thread in readers:
            thread.join()
        for process in processes:
            assert process.stdout is not None
            process.stdout.close()


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
        opening.start()  # the group waits for `other`, who has a message in hand
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
        assert eventually(lambda: all(state.revoked for state in states))  # it waits for the message in hand
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
        assert partitions == consumer._offsets._fetch_committed(partitions)
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


def test_more_than_fits_waits_and_arrives(service: Service, topic: str) -> None:
    values = write(
        service,
        topic,
        5000,
    )
    release, seen = threading.Event(), []
    with AsyncMessageReader(topics=topic, consistency="AT_LEAST_ONCE", **group(**EARLIEST), **service) as reader:

        def keep(message: Any) -> None:
            release.wait(10)
            seen.append(message.value)

        reader.on_message = keep
        release.set()

        assert eventually(lambda: len(seen) == 5000, 30)
    assert sorted(values) == sorted(seen)


def test_large_messages_are_received_ahead_up_to_a_limit_in_bytes(service: Service, topic: str) -> None:
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        writer.publish_many([bytes(1_000_000)] * 60)
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **group(**EARLIEST), **service) as reader:
        next(reader)
        buffer = reader._plugin._consumer._member.buffer

        assert eventually(buffer.is_full)
        assert buffer._messages < 40  # 32 MiB, and what the last poll brought beyond


def test_seeking_moves_to_the_beginning_the_end_and_a_time(service: Service, topic: str) -> None:
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        for number in range(10):
            writer.publish(b"%d" % number, timestamp=1000.0 + number)
    with MessageReader(topics=topic, receive_timeout_ms=1000, **group(), **service) as reader:
        reader.seek_to_beginning()
        assert len(list(reader)) == 10
        reader.seek_to_time(1007)
        assert sorted(message.value for message in reader) == [b"7", b"8", b"9"]
        reader.seek_to_beginning()
        reader.seek_to_end()
        assert [] == list(reader)


def test_a_time_before_1970_is_refused_and_reading_goes_on(service: Service, topic: str) -> None:
    values = write(service, topic, 20, key="one")
    with MessageReader(topics=topic, receive_timeout_ms=2000, type_spec=EARLIEST, **service) as reader:
        seen = [next(reader).value for _ in range(5)]
        with pytest.raises(InvalidArgumentError, match="1970"):
            reader.seek_to_time(-1)
        seen += [message.value for message in reader]

    assert values == seen


@pytest.mark.parametrize("seek", ["seek_to_beginning", "seek_to_end", "seek_to_time"])
def test_a_seek_that_fails_moves_nothing(breakable_kafka: Any, seek: str) -> None:
    ours: Service = {"no_config": True, "type": "kafka", "brokers": breakable_kafka.address()}
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    values = write(ours, topic, 20)
    with MessageReader(
        topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=8000, **group(**EARLIEST), **ours
    ) as reader:
        seen = [next(reader).value for _ in range(5)]
        breakable_kafka.freeze()
        try:
            began = time.monotonic()
            with pytest.raises(ConnectionError):
                getattr(reader, seek)(*([1_000_000] if seek == "seek_to_time" else []))
            assert time.monotonic() - began < 8
        finally:
            breakable_kafka.thaw()
        seen += [next(reader).value for _ in range(15)]

    assert values == seen


def test_a_seek_that_cannot_be_committed_moves_nothing(breakable_kafka: Any) -> None:
    """Nor does the group stay where the seek would have gone, though the broker gets to know that later."""
    topic, reading = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1), group(**EARLIEST)
    with breakable_kafka.proxy() as line:
        ours: Service = {"no_config": True, "type": "kafka", "brokers": line.address}
        values = write(ours, topic, 20)

        def find(client: KafkaConsumer, partitions: set[TopicPartition], timeout_ms: int) -> dict[TopicPartition, int]:
            ends: dict[TopicPartition, int] = client.end_offsets(partitions, timeout_ms=timeout_ms)
            line.silence()
            return ends

        with MessageReader(
            topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=30_000, **reading, **ours
        ) as reader:
            seen = [next(reader).value for _ in range(5)]
            (state,) = reader._plugin._consumer._member.assignment.states()
            assert eventually(lambda: state.committed == 4)
            with pytest.raises(KafkaTimeoutError):
                reader._plugin._consumer.seek(find)
            line.resume()
            assert eventually(lambda: state.committed == 4, 30)
            assert committed(ours, topic, reading["type_spec"]["group_id"], 1) == 4
            seen += [next(reader).value for _ in range(15)]

    assert values == seen


def test_at_the_end_is_what_is_committed(service: Service, new_topic: Callable[..., str]) -> None:
    """A reader of committed messages gets those of a transaction that was open when it went there."""
    topic = new_topic(1)
    with (
        MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **service) as writer,
        MessageReader(
            topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=5000, **group(), **service
        ) as reader,
    ):
        writer.publish(b"before")
        with writer.transaction():
            writer.publish(b"open")
            reader.seek_to_end()

        assert next(reader).value == b"open"


def test_closing_does_not_wait_for_a_seek(breakable_kafka: Any) -> None:
    ours: Service = {"no_config": True, "type": "kafka", "brokers": breakable_kafka.address()}
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    reader = MessageReader(topics=topic, **ours).open()
    breakable_kafka.freeze()
    try:
        failed: list[Exception] = []

        def seek() -> None:
            try:
                reader.seek_to_time(1_000_000)
            except SinetError as error:
                failed.append(error)

        seeking = threading.Thread(target=seek)
        seeking.start()
        assert eventually(lambda: not reader._plugin._consumer._calls)
        began = time.monotonic()
        reader.close()
        seeking.join(5)
        took = time.monotonic() - began
    finally:
        breakable_kafka.thaw()

    assert took < 4
    assert len(failed) == 1


def test_without_a_group_one_warning_says_how_far_the_promise_reaches(
    service: Service, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **service) as reader:
        assert not reader.info("durable")
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **group(), **service) as reader:
        assert reader.info("durable")

    assert ["type_spec.group_id" in text for text in caplog.messages if "promise" in text] == [True]


def test_a_pattern_is_subscribed_when_open_returns(service: Service, new_topic: Callable[..., str]) -> None:
    topic = new_topic()
    with MessageReader(type_spec={"topic_pattern": topic}, receive_timeout_ms=5000, **service) as reader:
        write(service, topic, 1)

        assert next(reader).value == b"0"


@pytest.mark.parametrize("ours", [{}, {"group_id": "pattern"}], ids=["alone", "group"])
def test_a_topic_that_is_made_later_is_read_from_its_first_message(service: Service, ours: Service) -> None:
    begin = f"kafka-{uuid4().hex}"
    options = {key: value + begin for key, value in ours.items()}
    options |= {"topic_pattern": f"{begin}-.*", "metadata_max_age_ms": 300}
    with MessageReader(type_spec=options, receive_timeout_ms=10_000, **service) as reader:
        write(service, f"{begin}-made-later", 3, key="one")

        assert [b"0", b"1", b"2"] == [next(reader).value for _ in range(3)]


def test_a_pattern_reads_all_topics_that_match(service: Service, new_topic: Callable[..., str]) -> None:
    one, other = new_topic(), new_topic()
    write(service, one, 1)
    write(service, other, 1)
    pattern = f"({one}|{other})"
    with MessageReader(type_spec={"topic_pattern": pattern, **EARLIEST}, receive_timeout_ms=3000, **service) as reader:
        assert {one, other} == {message.topic for message in reader}


def test_metrics_tell_the_lag(service: Service, topic: str) -> None:
    write(service, topic, 10, key="one")
    with MessageReader(topics=topic, receive_timeout_ms=5000, type_spec=EARLIEST, **service) as reader:
        next(reader)
        raw = reader.metrics.raw

        assert sum(raw["lag"].values()) >= 9
        assert "consumer-fetch-manager-metrics" in raw
        write(service, topic, 10_000)
        assert eventually(lambda: sum(reader.metrics.raw["lag"].values()) >= 10_009)


def test_closing_is_prompt_and_leaves_nothing(service: Service, topic: str) -> None:
    reader = MessageReader(topics=topic, **group(), **service).open()
    threads = threading.active_count()
    waiting = threading.Thread(target=lambda: list(reader))
    waiting.start()
    began = time.monotonic()
    reader.close()
    waiting.join(5)

    assert time.monotonic() - began < 2
    assert threads > threading.active_count()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sinetstream")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_is_refused(service: Service, topic: str) -> None:
    with (
        MessageReader(topics=topic, receive_timeout_ms=1000, **service) as reader,
        MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer,
    ):
        child = os.fork()
        if child == 0:
            refused = 0
            for action in (lambda: next(reader), lambda: writer.publish(b"x")):
                try:
                    action()
                except SinetError as error:
                    refused += "forked" in str(error)
            os._exit(refused)
        _, status = os.waitpid(child, 0)
        writer.publish(b"parent")

        assert os.waitstatus_to_exitcode(status) == 2
        assert next(reader).value == b"parent"
