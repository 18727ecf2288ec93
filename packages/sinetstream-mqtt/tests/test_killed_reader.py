"""A reader that is killed loses nothing that it had not finished."""

import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import MessageReader, MessageWriter

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

READER = """
import json, sys, time
from sinetstream import MessageReader
given = json.loads(sys.argv[1])
with MessageReader(**given) as reader:
    print("open", flush=True)
    for _ in range(int(sys.argv[2])):
        message = next(reader)
    print(message.value, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("finished", [0, 30])
@pytest.mark.parametrize("consistency", ["AT_LEAST_ONCE", "EXACTLY_ONCE"])
@pytest.mark.parametrize("protocol", ["MQTTv31", "MQTTv311", "MQTTv5"])
def test_after_kill_9_all_unfinished_messages_come_again_and_none_twice(
    mosquitto_broker: "MosquittoBroker",
    parameters: Callable[..., dict[str, Any]],
    topic: str,
    protocol: str,
    consistency: str,
    finished: int,
) -> None:
    import json

    given = parameters(mosquitto_broker.address(), consistency, protocol=protocol)
    reading = given | {"topics": topic, "client_id": topic[-20:]}
    values = [str(number) for number in range(100)]
    command = [sys.executable, "-c", READER, json.dumps(reading), str(finished + 1)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child,
        MessageWriter(topic=topic, **given) as writer,
    ):
        assert child.stdout is not None
        try:
            assert "open\n" == child.stdout.readline()
            writer.publish_many(values)
            assert f"{finished}\n" == child.stdout.readline()
        finally:
            child.kill()
    with MessageReader(receive_timeout_ms=1500, **reading) as reader:
        again = [message.value for message in reader]

    # The last acknowledgements may have reached the broker or not when the process died: either is fine.
    first = int(again[0])
    assert first <= finished
    assert values[first:] == again
    with MessageReader(receive_timeout_ms=200, **reading) as reader:
        assert [] == [message.value for message in reader]
