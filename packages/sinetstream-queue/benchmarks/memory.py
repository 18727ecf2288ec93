"""Large messages through writer and reader: what is alive at a time, and whether it grows with their number."""

import gc
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import repeat
from os import urandom
from typing import Any

import psutil
from rows import Row
from sinetstream import MessageReader, MessageWriter

__all__ = ["run"]

_MB = 1_000_000
_MAXSIZE = 2
_NO_GROWTH_MB = 2.0  # a message in flight more or less
_CRYPTO = {"password": "benchmark", "key_derivation": {"iteration": 100_000, "salt_bytes": 16}}
_GZIP: dict[str, Any] = {"data_compression": True, "compression": {"level": 1}}
_ZSTD: dict[str, Any] = {"data_compression": True, "compression": {"algorithm": "zstd", "level": 1}}
_SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "AES-256-GCM": {"data_encryption": True, "crypto": _CRYPTO},
    "gzip": _GZIP,
    "gzip and AES-256-GCM": {**_GZIP, "data_encryption": True, "crypto": _CRYPTO},
}


def _with(compression: dict[str, Any], mode: str, padding: str) -> dict[str, Any]:
    crypto = {**_CRYPTO, "algorithm": "AES", "mode": mode, "key_length": 256, "padding": padding}
    return {**compression, "data_encryption": True, "crypto": crypto}


_OTHERS = {
    f"{algorithm} and AES-256-{mode} {padding}": _with(compression, mode, padding)
    for algorithm, compression in (("gzip", _GZIP), ("zstd", _ZSTD))
    for mode, padding in (("GCM", "pkcs7"), ("EAX", "none"), ("EAX", "pkcs7"), ("CTR", "none"), ("CBC", "pkcs7"))
}


def run(quick: bool) -> list[Row]:
    few, many = (2, 10) if quick else (100, 1000)
    return [
        *(row for name in _SETTINGS for row in (_copies(name), *_growth(name, few, many))),
        *map(_copies, _OTHERS),
    ]


def _endpoints(name: str) -> tuple[MessageWriter[bytes], MessageReader[bytes]]:
    common: dict[str, Any] = {"no_config": True, "type": "queue", "type_spec": {"maxsize": _MAXSIZE}}
    common |= (_SETTINGS | _OTHERS)[name]
    topic = f"memory-{name}"
    return MessageWriter(topic=topic, **common), MessageReader(topics=topic, **common)


def _copies(name: str) -> Row:
    """The value that the application publishes, and then drops, is one of them, and so is the one that it reads."""
    writer, reader = _endpoints(name)
    with writer, reader:
        writer.publish(urandom(_MB))
        next(reader)  # what is made once
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        writer.publish(urandom(_MB))
        next(reader)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return Row(
        name=f"memory, copies of one 1 MB message alive, {name}",
        unit="copies",
        target=4.0,
        measured=round((peak - before) / _MB, 2),
        note="the application's own included",
    )


def _growth(name: str, few: int, many: int) -> Iterator[Row]:
    """Not both in one run: with tracemalloc the process is larger by what that takes, more or less."""
    writer, reader = _endpoints(name)
    process = psutil.Process()
    with writer, reader:
        resident = _after(lambda: process.memory_info().rss, writer, reader, few, many)
        tracemalloc.start()
        pythons = _after(lambda: tracemalloc.get_traced_memory()[0], writer, reader, few, 2 * few)
        tracemalloc.stop()
    for kind, count, (early, late) in ("resident", many, resident), ("Python's", 2 * few, pythons):
        yield Row(
            name=f"memory, growth from {few} to {count} messages of 1 MB, {kind}, {name}",
            unit="MB",
            target=_NO_GROWTH_MB,
            measured=round((late - early) / _MB, 2),
            note=f"{early / _MB:.1f} MB after {few}",
        )


def _after(
    measure: Callable[[], int], writer: MessageWriter[bytes], reader: MessageReader[bytes], few: int, many: int
) -> tuple[int, int]:
    figures = []
    for count in few, many - few:
        _stream(writer, reader, count)
        gc.collect()
        figures.append(measure())
    return figures[0], figures[1]


def _stream(writer: MessageWriter[bytes], reader: MessageReader[bytes], count: int) -> None:
    value = urandom(_MB)

    def write() -> None:
        for _ in repeat(None, count):
            writer.publish(value)

    thread = threading.Thread(target=write)
    thread.start()
    for _ in repeat(None, count):
        next(reader)
    thread.join()
