"""Calls that a finalizer or a log handler makes within kafka-python, and calls while the interpreter ends."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka.partitioner import Partitioner
from reading import Service, eventually
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter, SinetError
from sinetstream_plugins.kafka.kafka_python.library_threads import mark_library_thread
from sinetstream_plugins.kafka.kafka_python.log_handover import flush_logs, hand_over_logs
from sinetstream_plugins.kafka.kafka_python.log_masking import mask_logs

CONSISTENCIES = ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"]
TIMEOUT_S = 20

AT_EXIT = """
import sys
from sinetstream import MessageReader, MessageWriter

class Station:
    def __init__(self, endpoint, use):
        self.endpoint, self.use = endpoint.open(), use
    def __del__(self):
        try:
            self.use(self.endpoint)
        finally:
            self.endpoint.close()

address, topic, consistency = sys.argv[1:]
service = {"no_config": True, "type": "kafka", "brokers": address, "consistency": consistency}
reading = Station(MessageReader(topics=topic, type_spec={"group_id": topic}, **service), lambda reader: None)
writing = Station(MessageWriter(topic=topic, **service), lambda writer: writer.publish(b"x"))
print("end of program", flush=True)
"""

LOGGING = """
import logging, logging.config, sys, time
from sinetstream import MessageWriter

class Publishing(logging.Handler):
    def __init__(self, address, topic):
        super().__init__()
        service = {"no_config": True, "type": "kafka", "brokers": address, "value_type": "text"}
        self.writer = MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service).open()
    def emit(self, record):
        try:
            self.writer.publish(self.format(record))
        except Exception:
            self.handleError(record)
    def close(self):
        self.writer.close()
        super().close()

logging.raiseExceptions = False
root = logging.getLogger()
root.addHandler(Publishing(*sys.argv[1:]))
root.setLevel("DEBUG")
for number in range(20):
    logging.getLogger("app").warning("line %d", number)
began = time.monotonic()
logging.config.dictConfig({"version": 1})  # closes the handler, under logging's lock
print(time.monotonic() - began)
"""


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, timeout=60, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("consistency", CONSISTENCIES)
def test_what_a_finalizer_does_while_the_interpreter_ends_does_not_hang(
    service: Service, topic: str, consistency: str
) -> None:
    assert run(AT_EXIT, service["brokers"], topic, consistency) == "end of program\n"


def test_a_log_handler_may_publish_what_kafka_python_logs(service: Service, topic: str) -> None:
    took = float(run(LOGGING, service["brokers"], topic))
    options = {"auto_offset_reset": "earliest"}
    with MessageReader(topics=topic, receive_timeout_ms=3000, type_spec=options, **service) as reader:
        got = {message.value.decode() for message in reader}

    assert took < 3
    assert {f"line {number}" for number in range(20)} <= got


class Calling(Partitioner):  # type: ignore[misc]  # kafka-python has no type information
    """kafka-python calls it within `send`."""

    def __init__(self) -> None:
        self.call: Callable[[], Any] = lambda: None

    def partition(self, *_: Any) -> int:
        self.call()
        return 0


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE"])
def test_publishing_within_kafka_python_is_refused(service: Service, topic: str, consistency: Any) -> None:
    partitioner = Calling()
    refused: list[SinetError] = []
    with MessageWriter(
        topic=topic, consistency=consistency, type_spec={"partitioner": partitioner}, **service
    ) as writer:

        def publish() -> None:
            try:
                writer.publish(b"inner")
            except SinetError as error:
                refused.append(error)

        partitioner.call = publish
        writer.publish(b"outer", key="k")
        partitioner.call = lambda: None
        writer.publish(b"later", key="k")

    assert ["within kafka-python" in str(error) for error in refused] == [True]
    assert [error.outcome for error in refused] == ["not_sent"]


def on_io_thread(client: Any, call: Callable[[], Any]) -> list[Any]:
    """What `call` returned or raised on the thread that runs kafka-python's sockets."""
    outcome: list[Any] = []
    done = threading.Event()

    def run_and_note() -> None:
        try:
            outcome.append(call())
        except SinetError as error:
            outcome.append(error)
        done.set()

    client.call_soon_threadsafe(run_and_note)
    assert done.wait(TIMEOUT_S)
    return outcome


@pytest.mark.parametrize("consistency", CONSISTENCIES)
def test_publishing_and_closing_on_the_thread_of_the_sockets_does_not_wait(
    service: Service, topic: str, consistency: Any
) -> None:
    before = set(threading.enumerate())
    with MessageWriter(topic=topic, consistency=consistency, **service) as writer:
        net = writer._plugin.inner._sending.producer._sender._client._net
        (refusal,) = on_io_thread(net, lambda: writer.publish(b"x"))
        on_io_thread(net, writer.close)

    assert isinstance(refusal, SinetError)
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_seeking_and_closing_on_the_thread_of_the_sockets_does_not_wait(service: Service, topic: str) -> None:
    before = set(threading.enumerate())
    with MessageReader(topics=topic, **service) as reader:
        net = reader._plugin._consumer._client._net
        (refusal,) = on_io_thread(net, reader.seek_to_beginning)
        on_io_thread(net, reader.close)

    assert isinstance(refusal, SinetError)
    assert eventually(lambda: set(threading.enumerate()) <= before)


class Waiting(logging.Handler):
    """Keeps whoever logs until `may_go_on` is set, and notes which threads those were."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()
        self.threads: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.threads.add(threading.current_thread().name)
        self.may_go_on.wait(TIMEOUT_S)


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    handler, logger = Waiting(), logging.getLogger("kafka")
    logger.addHandler(handler)
    yield handler
    handler.may_go_on.set()
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_the_thread_of_the_sockets_does_not_wait_for_a_log_handler(
    service: Service, topic: str, waiting: Waiting
) -> None:
    with AsyncMessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        logger = logging.getLogger("kafka.test_reentry")
        hand_over_logs()
        net = writer._session.plugin()._sending.producer._sender._client._net
        on_io_thread(net, lambda: logger.error("once"))
        writer.publish(b"x").get(TIMEOUT_S)

        assert eventually(lambda: waiting.threads == {"sinetstream-kafka-log"})
        waiting.may_go_on.set()


def test_what_is_handed_over_is_masked_whichever_filter_came_first(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("kafka.net.connection")
    caplog.set_level(logging.DEBUG, logger.name)
    hand_over_logs()
    mask = next((each for each in logger.filters if type(each).__name__ == "_Mask"), None)
    if mask is not None:
        logger.removeFilter(mask)
    mask_logs()

    def log_bytes() -> None:
        mark_library_thread()
        logger.debug("sent %s", b"s3cret")

    thread = threading.Thread(target=log_bytes)
    thread.start()
    thread.join()
    flush_logs()

    assert ["sent <6 bytes>"] == [text for text in caplog.messages if text.startswith("sent")]
