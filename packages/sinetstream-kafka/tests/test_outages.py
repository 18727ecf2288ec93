"""What a reader does while no broker answers."""

import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from reading import Service, group
from sinetstream import MessageReader, MessageWriter

DESCRIPTORS = Path("/dev/fd")


def open_descriptors() -> int:
    return sum(1 for _ in DESCRIPTORS.iterdir())


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="this platform lists no descriptors")
@pytest.mark.parametrize("end", ["reader", "writer"])
def test_an_outage_gathers_no_descriptors(breakable_kafka: Any, end: str) -> None:
    service: Service = {"no_config": True, "type": "kafka", "brokers": breakable_kafka.address()}
    topic = breakable_kafka.create_topic(f"kafka-{uuid4().hex}", 1)
    retries = {"reconnect_backoff_ms": 10, "reconnect_backoff_max_ms": 50}
    opened: Any = MessageWriter(topic=topic, consistency="AT_LEAST_ONCE", type_spec=retries, **service)
    if end == "reader":
        reading = group(**retries, session_timeout_ms=1000, heartbeat_interval_ms=300)
        opened = MessageReader(topics=topic, consistency="AT_LEAST_ONCE", receive_timeout_ms=100, **reading, **service)
    pause = threading.Event()
    with opened:
        before = open_descriptors()
        breakable_kafka.kill()
        counts = []
        for _ in range(16):
            pause.wait(0.5)
            counts.append(open_descriptors())
        breakable_kafka.start()

    assert max(counts) <= before + 3
