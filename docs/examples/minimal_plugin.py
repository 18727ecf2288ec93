"""A messaging system in thirty lines: what a plugin must do, and nothing more."""

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from queue import Empty, Queue
from typing import Any

from sinetstream import MessageReader, MessageWriter, plugins
from sinetstream.spi import PluginMessageReader, PluginMessageWriter

queues: defaultdict[str, Queue[bytes]] = defaultdict(Queue)


class LabWriter(PluginMessageWriter):
    def __init__(self, params: dict[str, Any]) -> None:
        self._queue = queues[params["topic"]]

    def open(self) -> None:
        pass  # connect here

    def close(self) -> None:
        pass  # disconnect here

    def publish(self, message: bytes) -> None:
        self._queue.put(message)


class LabReader(PluginMessageReader):
    def __init__(self, params: dict[str, Any]) -> None:
        self._topic = params["topic"]
        timeout_ms = params["receive_timeout_ms"]
        self._timeout = None if timeout_ms == inf else timeout_ms / 1000

    def open(self) -> None:
        self._queue = queues[self._topic]

    def close(self) -> None:
        pass

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        while True:
            try:
                payload = self._queue.get(timeout=self._timeout)
            except Empty:
                return
            yield payload, self._topic, payload


if __name__ == "__main__":
    with plugins.register("lab", reader=LabReader, writer=LabWriter):
        with MessageWriter(no_config=True, type="lab", topic="t", value_type="text") as writer:
            writer.publish("hello")
        with MessageReader(no_config=True, type="lab", topics="t", value_type="text", receive_timeout_ms=100) as reader:
            for message in reader:
                print(message.value)
