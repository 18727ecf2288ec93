"""Which messages come again: what a group on a real broker has committed."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from reading import EARLIEST, Service, committed, eventually, group, write
from sinetstream import MessageReader, MessageWriter


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
