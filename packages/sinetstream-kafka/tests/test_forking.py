"""A forked child is refused what its parent has open, and is not held up by it."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, SinetError
from sinetstream_plugins.kafka.fork import watch
from sinetstream_plugins.kafka.kafka_python.producer import Producer
from sinetstream_plugins.kafka.produce.acked import AckedProducer
from sinetstream_plugins.kafka.writer import KafkaAsyncWriter

PATIENCE_S = 20.0

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


def child_ends_with(work: Callable[[], int]) -> int | None:
    """The status of a child that did this, None where it did not end."""
    child = os.fork()
    if child == 0:
        status = 99
        with suppress(BaseException):
            status = work()
        os._exit(status)
    ended: list[int] = []
    waiting = threading.Thread(target=lambda: ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
    waiting.start()
    waiting.join(PATIENCE_S)
    if waiting.is_alive():
        os.kill(child, 9)
        waiting.join()
        return None
    return ended[0]


@contextmanager
def held(lock: Any) -> Iterator[None]:
    """By another thread, as kafka-python's does again and again."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            done.wait()

    holding = threading.Thread(target=hold)
    holding.start()
    taken.wait()
    try:
        yield
    finally:
        done.set()
        holding.join()


@pytest.fixture
def writer() -> Iterator[KafkaAsyncWriter]:
    """Whose producer has a broker that does not answer."""

    def connect(stop: threading.Event) -> Producer:
        return Producer({"bootstrap_servers": address, "api_version": (2, 8), "retry_backoff_ms": 100}, stop)

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        params = {"brokers": address, "client_id": "me", "consistency": AT_LEAST_ONCE, "type_spec": {}, "topic": "t"}
        writer = KafkaAsyncWriter(params)
        writer._sending = AckedProducer("t", connect)
        writer._send = writer._sending.send
        watch(writer)
        yield writer
        writer.close()


def test_a_lock_that_a_thread_of_the_parent_holds_does_not_stop_the_child(writer: KafkaAsyncWriter) -> None:
    with held(writer._sending.producer._accumulator._incomplete._lock):
        status = child_ends_with(lambda: 0)

    assert status == 0


def test_a_child_may_close_and_collect_it(writer: KafkaAsyncWriter) -> None:
    def leave() -> int:
        writer.close()
        writer.__dict__.clear()
        gc.collect()
        return 7

    with held(writer._sending.producer._accumulator._incomplete._lock):
        status = child_ends_with(leave)

    assert status == 7


def test_a_child_is_told(writer: KafkaAsyncWriter) -> None:
    def use() -> int:
        told = 0
        for call in (lambda: writer.publish(b"x"), writer.metrics):
            try:
                call()
            except SinetError as error:
                told += "forked" in str(error)
        return told

    assert child_ends_with(use) == 2
