"""What a reader on a real broker promises."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from reading import EARLIEST, Service, eventually, group, write
from sinetstream import AsyncMessageReader, MessageReader, MessageWriter, SinetError


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
    assert message.timestamp_us == 1234567800


def test_messages_with_one_key_stay_in_order(service: Service, topic: str) -> None:
    values = write(service, topic, 50, key="one")
    with MessageReader(topics=topic, receive_timeout_ms=2000, type_spec=EARLIEST, **service) as reader:
        assert values == [message.value for message in reader]


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
