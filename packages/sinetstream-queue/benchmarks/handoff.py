"""From a writer thread to a reader thread: the queue plugin beside a bare `queue.Queue` with the codec."""

import queue
import threading
from collections.abc import Callable
from itertools import repeat
from typing import Any

from rows import Row, alternate, seconds
from sinetstream import MessageReader, MessageWriter, plugins
from sinetstream.codec import build
from sinetstream.settings import CodecSettings

__all__ = ["run"]

_SIZES = 100, 1000
_MAXSIZE = 10_000
_TIME_US = 1_800_000_000_000_000


def run(quick: bool) -> list[Row]:
    rounds, count = (1, 50) if quick else (41, 2000)
    return [_row(size, rounds, count) for size in _SIZES]


def _row(size: int, rounds: int, count: int) -> Row:
    value = b"\x5a" * size
    common: dict[str, Any] = {"no_config": True, "type": "queue", "type_spec": {"maxsize": _MAXSIZE}}
    with (
        MessageWriter(topic=f"handoff-{size}", **common) as writer,
        MessageReader(topics=f"handoff-{size}", **common) as reader,
    ):
        ours, bare = alternate(rounds, seconds(_plugin(writer, reader, value, count)), seconds(_bare(value, count)))
    best, median = ours.times(bare)
    return Row(
        name=f"queue plugin, thread to thread, {size} B",
        unit="times",
        target=1.5,
        measured=best,
        median=median,
        note=f"{ours.best / count * 1e6:.2f} µs; queue.Queue and the codec: {bare.best / count * 1e6:.2f} µs",
    )


def _plugin(writer: MessageWriter[bytes], reader: MessageReader[bytes], value: bytes, count: int) -> Callable[[], None]:
    def read() -> None:
        for _ in repeat(None, count):
            next(reader).value  # noqa: B018  as an application would

    def write() -> None:
        for _ in repeat(None, count):
            writer.publish(value)

    return lambda: _both(write, read)


def _bare(value: bytes, count: int) -> Callable[[], None]:
    passed = queue.Queue[bytes](_MAXSIZE)
    codec = build(CodecSettings(), plugins.load, writing=True)

    def read() -> None:
        for _ in repeat(None, count):
            codec.decode(passed.get())

    def write() -> None:
        for _ in repeat(None, count):
            passed.put(codec.encode(value, _TIME_US)[0])

    return lambda: _both(write, read)


def _both(write: Callable[[], None], read: Callable[[], None]) -> None:
    thread = threading.Thread(target=write)
    thread.start()
    read()
    thread.join()
