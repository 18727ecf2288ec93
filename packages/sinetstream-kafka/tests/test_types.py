"""Every option with values of every kind: what kafka-python would not take is refused before anything connects."""

import socket
from typing import Any

import pytest
from sinetstream import (
    AT_LEAST_ONCE,
    AT_MOST_ONCE,
    EXACTLY_ONCE,
    ConnectionError,
    Consistency,
    InvalidArgumentError,
    MessageReader,
    MessageWriter,
)
from sinetstream_plugins.kafka.options.names import OPTIONS

VALUES: list[Any] = ["x", "", b"x", 5, -1, 0, 1.5, 10**12, float("nan"), float("inf"), True, None, [], ["a"], {}]
APIS: list[tuple[Any, Any, Consistency]] = [
    ("reader", MessageReader, AT_MOST_ONCE),
    ("reader", MessageReader, AT_LEAST_ONCE),
    ("writer", MessageWriter, AT_MOST_ONCE),
    ("writer", MessageWriter, AT_LEAST_ONCE),
    ("writer", MessageWriter, EXACTLY_ONCE),
]
NOT_OPENED = {
    "bootstrap_timeout_ms": "how long it tries",
    "connections_max_idle_ms": "how soon it hangs up",
    "receive_message_max_bytes": "an answer may be too large",
    "retry_backoff_ms": "how long it waits",
    "topic_pattern": "what the reader waits for",
}


def accepted(api: Any, consistency: Consistency, name: str, brokers: str, topic: str, **others: Any) -> list[Any]:
    """What could be made of this option. What could not has named it."""
    topics = {} if name == "topic_pattern" else {"topic" if api is MessageWriter else "topics": topic}
    service = {"no_config": True, "type": "kafka", "brokers": brokers, "consistency": consistency, **topics}
    made, unnamed = [], []
    for value in VALUES:
        try:
            made.append(api(type_spec={**others, name: value}, **service))
        except InvalidArgumentError as refused:
            unnamed += [] if name in str(refused) else [(value, str(refused))]
    assert [] == unnamed
    return made


def ran_out_of_time(name: str, error: Exception) -> bool:
    """A request that may take no longer than a millisecond is taken, and may take longer."""
    return name == "request_timeout_ms" and "RequestTimedOutError" in str(error)


def options(role: Any) -> list[str]:
    return sorted(name for name, option in OPTIONS.options.items() if option.belongs_to(role))


@pytest.mark.parametrize(("role", "api", "consistency"), APIS)
def test_what_is_not_refused_is_tried(role: Any, api: Any, consistency: Consistency) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"127.0.0.1:{server.getsockname()[1]}"
    for name in options(role):
        others = {} if name == "bootstrap_timeout_ms" else {"bootstrap_timeout_ms": 1}
        for made in accepted(api, consistency, name, closed, "t", **others):
            if name != "bootstrap_timeout_ms":
                with pytest.raises(ConnectionError):
                    made.open()


@pytest.mark.parametrize(("role", "api", "consistency"), APIS)
def test_what_is_not_refused_kafka_python_takes(
    kafka_broker: Any, topic: str, role: Any, api: Any, consistency: Consistency
) -> None:
    failed = []
    for name in options(role):
        if name in NOT_OPENED or name.startswith("ssl_"):
            continue
        for made in accepted(api, consistency, name, kafka_broker.address(), topic, bootstrap_timeout_ms=2000):
            try:
                made.open()
            except Exception as error:  # noqa: BLE001  all of them are told together
                if not ran_out_of_time(name, error):
                    failed.append((name, made.info("type"), str(error)))
            made.close()

    assert [] == failed
