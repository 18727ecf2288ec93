"""One side of the no-op benchmark: runs where this SINETStream or the published one is installed.

Reads one task a line on standard input and answers with one line of seconds per message. Nothing but the standard
library and `sinetstream` is imported, so that the same lines drive both.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import sinetstream

_CRYPTO = {
    "algorithm": "AES",
    "padding": "none",
    "password": "benchmark",
    "key_derivation": {"algorithm": "pbkdf2", "salt_bytes": 16, "iteration": 100_000},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {"data_encryption": False},
    "AES-128-GCM": {"data_encryption": True, "crypto": _CRYPTO | {"mode": "GCM", "key_length": 128}},
    "AES-256-GCM": {"data_encryption": True, "crypto": _CRYPTO | {"mode": "GCM", "key_length": 256}},
    "AES-256-EAX": {"data_encryption": True, "crypto": _CRYPTO | {"mode": "EAX", "key_length": 256}},
}


class NoOp:
    """A plugin as the published guide has it, that does nothing. `params` comes last in both constructors."""

    def __init__(self, *args: Any) -> None:
        self.params = args[-1]

    def open(self) -> None: ...

    def close(self) -> None: ...

    def metrics(self) -> None: ...

    def reset_metrics(self) -> None: ...

    def info(self, *_args: Any) -> None: ...


class NoOpWriter(NoOp):
    last = b""

    def publish(self, message: bytes) -> None:
        NoOpWriter.last = message


class NoOpReader(NoOp):
    count = 0

    def __iter__(self) -> Iterator[tuple[bytes, str, None]]:
        return repeat((NoOpWriter.last, "topic", None), NoOpReader.count)


def _acknowledging() -> tuple[type[NoOpReader], dict[str, Any]]:
    from sinetstream.spi import Ability  # noqa: PLC0415  the published one has none

    class AcknowledgedReader(NoOpReader):
        abilities = frozenset((Ability.AT_LEAST_ONCE, Ability.ACKNOWLEDGE))

        def acknowledge(self, raw: Any) -> None: ...

    return AcknowledgedReader, {"consistency": "AT_LEAST_ONCE"}


class _Found:
    """What the published one takes for an entry point."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls

    def load(self) -> type[Any]:
        return self.cls


def register() -> None:
    writer: Any = sinetstream.MessageWriter
    reader: Any = sinetstream.MessageReader
    if hasattr(writer, "registry"):
        writer.registry.register("noop", _Found(NoOpWriter))
        reader.registry.register("noop", _Found(NoOpReader))
        return
    from sinetstream import plugins  # noqa: PLC0415  the published one has none

    plugins.register("noop", reader=NoOpReader, writer=NoOpWriter)
    plugins.register("noop-acknowledged", reader=_acknowledging()[0])


def best(call: Callable[[], object], repeats: int) -> float:
    call()  # derives the key
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return min(times)


def write(settings: dict[str, Any], value: bytes, count: int, repeats: int) -> tuple[float, float]:
    """Seconds for `count` messages through the layer, and through the plugin alone."""
    plugin = NoOpWriter({})

    def alone() -> None:
        for _ in repeat(None, count):
            plugin.publish(value)

    with sinetstream.MessageWriter(topic="topic", no_config=True, type="noop", **settings) as writer:

        def whole() -> None:
            for _ in repeat(None, count):
                writer.publish(value)

        return best(whole, repeats), best(alone, repeats)


def read(settings: dict[str, Any], value: bytes, count: int, repeats: int) -> tuple[float, float]:
    with sinetstream.MessageWriter(topic="topic", no_config=True, type="noop", **settings) as writer:
        writer.publish(value)
    NoOpReader.count = count
    return _read("noop", NoOpReader({}), settings, repeats)


def read_acknowledged(settings: dict[str, Any], value: bytes, count: int, repeats: int) -> tuple[float, float]:
    read(settings, value, 1, 1)
    NoOpReader.count = count
    cls, more = _acknowledging()
    return _read("noop-acknowledged", cls({}), settings | more, repeats)


def _read(name: str, plugin: NoOpReader, settings: dict[str, Any], repeats: int) -> tuple[float, float]:
    acknowledge = getattr(plugin, "acknowledge", None)

    def alone() -> None:
        for item in plugin:
            if acknowledge is not None:
                acknowledge(item[2])

    with sinetstream.MessageReader(topics="topic", no_config=True, type=name, **settings) as reader:

        def whole() -> None:
            for message in reader:
                message.value  # noqa: B018  as an application would

        return best(whole, repeats), best(alone, repeats)


def main() -> None:
    register()
    ways = {"write": write, "read": read, "read acknowledged": read_acknowledged}
    for line in sys.stdin:
        task = json.loads(line)
        whole, alone = ways[task["way"]](
            SETTINGS[task["settings"]], b"\x5a" * task["size"], task["count"], task["repeats"]
        )
        print(json.dumps({"whole": whole / task["count"], "alone": alone / task["count"]}), flush=True)


if __name__ == "__main__":
    main()
