"""What the tests of transactions share."""

from typing import Any
from uuid import uuid4

from reading import Service
from sinetstream import MessageReader, MessageWriter


def fill(service: Service, topic: str, count: int) -> list[bytes]:
    values = [b"%d" % number for number in range(count)]
    with MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", **service) as writer:
        writer.publish_many(values)
    return values


def copying_from(service: Service, topic: str, timeout_ms: int = 10_000, **options: Any) -> MessageReader[bytes]:
    reading = {"group_id": f"g-{uuid4().hex}", "auto_offset_reset": "earliest", **options}
    return MessageReader(
        topics=topic, consistency="EXACTLY_ONCE", receive_timeout_ms=timeout_ms, type_spec=reading, **service
    )


def once(service: Service, topic: str, **parameters: Any) -> MessageWriter[bytes]:
    return MessageWriter(topic=topic, consistency="EXACTLY_ONCE", **parameters, **service)
