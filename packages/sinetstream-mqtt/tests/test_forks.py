"""A forked child is told, and its parent's connection stays whole."""

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sinetstream import MessageReader, MessageWriter, NotOpenError

sys.path.append(str(Path(__file__).parent))

from listeners import reach

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = [
    pytest.mark.mqtt,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]


def status_of_child(work: Callable[[], int]) -> int:
    child = os.fork()
    if child == 0:
        status = 99
        with suppress(BaseException):
            status = work()
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("listener", ["plain", "tls", "wss"])
def test_a_child_is_told_and_the_parents_connection_stays_whole(
    mosquitto_broker: "MosquittoBroker", parameters: Callable[..., dict[str, Any]], topic: str, listener: str
) -> None:
    own, common = reach(mosquitto_broker, listener)
    given = parameters(mosquitto_broker.address(listener), **own) | common
    with (
        MessageReader(topics=topic, receive_timeout_ms=10_000, **given) as reader,
        MessageWriter(topic=topic, **given) as writer,
    ):

        def use_and_close() -> int:
            told = 0
            for call in (lambda: writer.publish("child"), lambda: next(reader)):
                try:
                    call()
                except NotOpenError as error:
                    told += "forked" in str(error)
            for endpoint in (writer, reader):
                endpoint.close()
                vars(endpoint).clear()
            gc.collect()
            return told

        writer.publish("before")
        assert 2 == status_of_child(use_and_close)
        for value in ("after", "after that"):
            writer.publish(value)

        assert ["before", "after", "after that"] == [next(reader).value for _ in range(3)]
        assert [1, 1] == [endpoint.info("mqtt.connections") for endpoint in (reader, writer)]
