"""What the tests of this package share: a service on the test broker, and topics that nobody has used."""

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

Service = dict[str, Any]

sys.path.append(str(Path(__file__).parent))  # last, and for the helpers beside these tests


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "sinetstream-kafka" in str(item.path):
            item.add_marker("kafka")
            # kafka-python leaves the socket of a refused attempt to the garbage collector.
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket.socket:ResourceWarning"))


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """No other package's test finds such a socket."""
    yield
    gc.collect()


@pytest.fixture
def service(kafka_broker: Any) -> Service:
    return {"no_config": True, "type": "kafka", "brokers": kafka_broker.address()}


@pytest.fixture
def topic(kafka_broker: Any) -> str:
    return str(kafka_broker.create_topic(f"kafka-{uuid4().hex}", 2))


@pytest.fixture
def new_topic(kafka_broker: Any) -> Callable[..., str]:
    def create(partitions: int = 2, **settings: str) -> str:
        return str(kafka_broker.create_topic(f"kafka-{uuid4().hex}", partitions, **settings))

    return create
