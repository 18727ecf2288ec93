"""The will of a client that is killed is a message of the service."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import MessageReader

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

WRITER = """
import json, sys
from sinetstream import MessageWriter
with MessageWriter(**json.loads(sys.argv[1])) as writer:
    print("open", flush=True)
    sys.stdin.read()
"""
CRYPTO = {
    "algorithm": "AES",
    "mode": "GCM",
    "key_length": 128,
    "padding": "none",
    "key_derivation": {"algorithm": "pbkdf2", "salt_bytes": 16, "iteration": 10_000},
    "password": "for the test",
}


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
@pytest.mark.parametrize("encrypted", [True, False])
def test_a_will_is_encoded_and_encrypted_as_the_service_s_messages_are(
    mosquitto_broker: "MosquittoBroker",
    parameters: Callable[..., dict[str, Any]],
    topic: str,
    protocol: str,
    encrypted: bool,
) -> None:
    crypto = {"data_encryption": True, "crypto": CRYPTO} if encrypted else {}
    given = parameters(mosquitto_broker.address(), protocol=protocol) | crypto
    will = {"topic": f"{topic}/will", "payload": "gone", "qos": 1}
    if protocol == "MQTTv5":
        will["delay_interval"] = 0
    writing = given | {"topic": topic, "type_spec": given["type_spec"] | {"will": will}}
    with MessageReader(topics=f"{topic}/will", receive_timeout_ms=10_000, **given) as reader:
        _kill_a_writer(writing)

        assert "gone" == next(reader).value


def test_a_will_can_say_that_it_is_not_encrypted_and_of_another_type(
    mosquitto_broker: "MosquittoBroker", parameters: Callable[..., dict[str, Any]], topic: str
) -> None:
    given = parameters(mosquitto_broker.address())
    will = {"topic": f"{topic}/will", "payload": "gone", "data_encryption": False, "value_type": "text"}
    own = given["type_spec"] | {"will": will}
    crypto = {"data_encryption": True, "crypto": CRYPTO, "value_type": "byte_array"}
    with MessageReader(topics=f"{topic}/will", receive_timeout_ms=10_000, **given) as reader:
        _kill_a_writer(given | crypto | {"topic": topic, "type_spec": own})

        assert "gone" == next(reader).value


@pytest.mark.parametrize("consistency", ["AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"])
def test_a_will_waits_for_its_delay(
    mosquitto_broker: "MosquittoBroker", parameters: Callable[..., dict[str, Any]], topic: str, consistency: str
) -> None:
    given = parameters(mosquitto_broker.address(), consistency, protocol="MQTTv5")
    will = {"topic": f"{topic}/will", "payload": "gone", "delay_interval": 2}
    with MessageReader(topics=f"{topic}/will", receive_timeout_ms=10_000, **given) as reader:
        _kill_a_writer(given | {"topic": topic, "type_spec": given["type_spec"] | {"will": will}})
        killed = time.monotonic()

        assert "gone" == next(reader).value
        assert time.monotonic() - killed > 1  # Mosquitto looks once a second


def _kill_a_writer(params: dict[str, Any]) -> None:
    command = [sys.executable, "-c", WRITER, json.dumps(params)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert "open\n" == child.stdout.readline()
        child.kill()
