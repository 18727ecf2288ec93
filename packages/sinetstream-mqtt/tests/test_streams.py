"""What never stops the stream: slow readers, raising callbacks, messages that are none."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter
from sinetstream.errors import BufferFullError, InvalidMessageError
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt import MqttAsyncWriter
from sinetstream_plugins.mqtt import reader as reader_module

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

Made = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_message_that_is_none_and_a_callback_that_raises_stop_nothing(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, consistency: str
) -> None:
    given = parameters(mosquitto_broker.address(), consistency)
    values: list[str] = []
    failures: list[Exception] = []
    done = threading.Event()

    def on_message(message: Any) -> None:
        values.append(message.value)
        if message.value == "raise":
            raise RuntimeError("the application's")
        if message.value == "last":
            done.set()

    reader = AsyncMessageReader(topics=topic, **given)
    reader.on_message = on_message
    reader.on_failure = failures.append
    with (
        reader,
        MessageWriter(topic=topic, **given) as writer,
        MessageWriter(topic=topic, **given | {"user_data_only": True, "value_type": "byte_array"}) as raw,
    ):
        raw.publish(b"\xff no message")
        writer.publish("raise")
        writer.publish("last")
        assert done.wait(10)

    assert ["raise", "last"] == values
    assert {InvalidMessageError, RuntimeError} == {type(error) for error in failures}


@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_slow_reader_loses_nothing_and_holds_no_more_than_the_window(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, consistency: str
) -> None:
    given = parameters(mosquitto_broker.address(), consistency, protocol="MQTTv5", receive_maximum=7)
    with (
        MessageReader(topics=topic, receive_timeout_ms=5000, **given) as reader,
        MessageWriter(topic=topic, **given) as writer,
    ):
        writer.publish_many(map(str, range(200)))
        waiting = reader.info("mqtt.waiting")
        read = [next(reader).value for _ in range(200)]

    assert waiting <= 7
    assert [str(number) for number in range(200)] == read


def test_at_qos_0_a_reader_that_is_too_slow_is_told_once_and_reads_on(
    mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "_ROOM", 10)
    given = parameters(mosquitto_broker.address(), "AT_MOST_ONCE")
    with (
        MessageReader(topics=topic, receive_timeout_ms=1000, **given) as reader,
        MessageWriter(topic=topic, **parameters(mosquitto_broker.address(), "AT_LEAST_ONCE")) as writer,
    ):
        writer.publish_many(map(str, range(100)))
        waited = threading.Event()
        while reader.info("mqtt.dropped") + reader.info("mqtt.waiting") < 100:
            waited.wait(0.01)
        seen: list[str] = []
        with pytest.raises(BufferFullError, match="dropped"):
            seen.extend(message.value for message in reader)

        assert [str(number) for number in range(10)] == seen
        assert [] == [message.value for message in reader]
        assert 90 == reader.info("mqtt.dropped")
        writer.publish("more")
        assert "more" == next(reader).value


def test_nothing_is_left_after_close(mosquitto_broker: "MosquittoBroker", parameters: Made, topic: str) -> None:
    given = parameters(mosquitto_broker.address(), "EXACTLY_ONCE")
    process = psutil.Process()
    with MessageWriter(topic=topic, **given):
        pass
    threads, descriptors = threading.active_count(), process.num_fds()
    for _ in range(3):
        with MessageReader(topics=topic, **given), AsyncMessageWriter(topic=topic, **given) as writer:
            writer.publish("value").get(10)
    with mosquitto_broker.proxy() as proxy:
        proxy.refuse()
        with pytest.raises(OSError, match="refused"):
            MessageReader(topics=topic, **given | {"brokers": proxy.address}).open()

    assert (threads, descriptors) == (threading.active_count(), process.num_fds())


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_configuration_file_of_each_version_is_read(
    mosquitto_broker: "MosquittoBroker", topic: str, tmp_path: Path, version: int
) -> None:
    common = (
        f"type: mqtt, brokers: '{mosquitto_broker.address('password')}', topic: {topic}, consistency: AT_LEAST_ONCE"
    )
    login = "{username: alice, password: alice-test-only}"
    own = f"protocol: MQTTv5, keepalive: 5, username_pw{'' if version == 3 else '_set'}: {login}"
    service = f"{{{common}, type_spec: {{{own}}}}}" if version == 3 else f"{{{common}, {own}}}"
    text = f"lab: {service}\n" if version == 1 else f"header: {{version: {version}}}\nconfig: {{lab: {service}}}\n"
    file = tmp_path / "config.yml"
    file.write_text(text)

    with (
        MessageReader("lab", config_file=file, receive_timeout_ms=5000) as reader,
        MessageWriter("lab", config_file=file) as writer,
    ):
        writer.publish(b"value")
        assert b"value" == next(reader).value


def test_a_close_that_comes_in_the_middle_of_a_publish_ends_and_so_does_the_promise(
    mosquitto_broker: "MosquittoBroker", topic: str
) -> None:
    """As by a signal's handler, which runs wherever its thread happens to be: here where the packet is made."""
    brokers = mosquitto_broker.address()
    given = {"brokers": brokers, "topic": topic, "client_id": topic[-20:], "consistency": Consistency.AT_LEAST_ONCE}
    writer = MqttAsyncWriter(given)
    closed: list[bool] = []
    deliveries = []

    class Payload(bytes):
        def __len__(self) -> int:
            if writer._connection.wakeup.is_running_inline() and not closed:
                closed.append(True)
                writer.close()
            return super().__len__()

    writer.open()
    while not closed:  # the connection's thread may be awake
        deliveries.append(writer.publish(Payload(b"x")))
        deliveries[-1].catch(lambda _: None).get(10)
    writer.close()

    assert not any(delivery.is_pending for delivery in deliveries)
    assert "sinetstream-mqtt" not in {thread.name for thread in threading.enumerate()}
