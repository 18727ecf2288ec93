"""What the tests of readers share."""

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, TopicPartition
from sinetstream import MessageReader, MessageWriter

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


def everything(service: Service, topic: str, quiet_ms: int = 1500) -> list[bytes]:
    """What a reader of committed messages sees, until nothing more has come for so long."""
    service = {"receive_timeout_ms": quiet_ms, "type_spec": EARLIEST, **service}
    with MessageReader(topics=topic, consistency="AT_LEAST_ONCE", **service) as reader:
        return [message.value for message in reader]
