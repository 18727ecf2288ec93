"""How the conformance kit reaches a test broker."""

from typing import Any
from uuid import uuid4

from sinetstream.testing import Harness


def harness_on(broker: Any, listener: str, **params: Any) -> Harness:
    options = params.pop("type_spec", {})

    def durable() -> dict[str, Any]:
        session = {"session_timeout_ms": 1000, "heartbeat_interval_ms": 300}
        return {"type_spec": {**options, **session, "group_id": f"kit-{uuid4().hex}"}}

    def fresh_topic() -> str:
        return str(broker.create_topic(f"kit-{uuid4().hex}", 1))

    return Harness(
        params={"type": "kafka", "brokers": broker.address(listener), "type_spec": options, **params},
        durable=durable,
        unreachable={"brokers": "127.0.0.1:1", "type_spec": {**options, "bootstrap_timeout_ms": 300}},
        at=lambda address: {"brokers": address, "type_spec": {**options, "bootstrap_timeout_ms": 1000}},
        fresh_topic=fresh_topic,
        patience_s=20,
    )
