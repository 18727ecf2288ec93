"""Streams live measurements of this machine through SINETStream, and checks that all arrive."""

import argparse
import asyncio
import math
import os
import secrets
import signal
import statistics
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import psutil
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sinetstream import AsyncMessageReader, Message, MessageReader, MessageWriter, Metrics, SinetError, aio

INTERVAL_S = 0.05
PATIENCE_S = 10.0

Reading: TypeAlias = dict[str, Any]
Settings: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[Message[Reading]], None]
Reader: TypeAlias = AsyncMessageReader[Reading] | aio.MessageReader[Reading]
Facts: TypeAlias = dict[str, dict[str, str]]


def measure_load() -> Reading:
    return {"cores": psutil.cpu_percent(percpu=True), "memory": psutil.virtual_memory()._asdict()}


def describe_load(recent: Sequence[Message[Reading]], _: float) -> str:
    cpu = statistics.fmean(core for message in recent for core in message.value["cores"])
    return f"CPU {cpu:.0f} %, memory {recent[-1].value['memory']['percent']:.0f} %"


def measure_traffic() -> Reading:
    devices: dict[str, Any] = {"net": psutil.net_io_counters(), "disk": psutil.disk_io_counters()}
    return {device: counters._asdict() if counters else {} for device, counters in devices.items()}


def describe_traffic(recent: Sequence[Message[Reading]], seconds: float) -> str:
    def rate(device: str, counter: str) -> str:
        first, last = (message.value[device].get(counter, 0) for message in (recent[0], recent[-1]))
        return f"{size((last - first) / seconds)}/s"

    net = f"net {rate('net', 'bytes_recv')} in, {rate('net', 'bytes_sent')} out"
    return f"{net}, disk {rate('disk', 'read_bytes')} read, {rate('disk', 'write_bytes')} written"


def size(number: float) -> str:
    return f"{number:.0f} B" if number < 1e3 else f"{number / 1e3:.1f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB"


class Tally:
    """What was sent and received on one topic, counted from any thread; messages of others there are left out."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._changed = threading.Condition()
        self._numbers: set[int] = set()
        self._recent: deque[Message[Reading]] = deque(maxlen=int(1 / INTERVAL_S))
        self.sent = 0
        self.latencies_ms: list[float] = []

    def send(self, writer: MessageWriter[Reading], reading: Reading) -> None:
        self.sent += 1
        writer.publish(reading | {"run": self._run, "number": self.sent})

    def receive(self, message: Message[Any]) -> None:
        latency_ms = 1000 * (time.time() - message.timestamp)
        if not isinstance(message.value, dict) or message.value.get("run") != self._run:
            return
        with self._changed:
            self._numbers.add(message.value["number"])
            self._recent.append(message)
            self.latencies_ms.append(latency_ms)
            self._changed.notify_all()

    @property
    def lost(self) -> int:
        return self.sent - len(self._numbers)

    def recent(self) -> Sequence[Message[Reading]]:
        with self._changed:
            return list(self._recent)

    def wait_for_all(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self.lost, PATIENCE_S)


@dataclass(frozen=True)
class Stream:
    """One topic: what is measured for it, who reads it, and how what came in the last second is told."""

    topic: str
    measure: Callable[[], Reading]
    describe: Callable[[Sequence[Message[Reading]], float], str]
    api: str
    reading: Callable[[str, Settings, Receive], AbstractAsyncContextManager[Reader]]
    tally: Tally = field(default_factory=Tally)

    def now(self) -> dict[str, str]:
        recent = self.tally.recent()
        if len(recent) < 2:
            return {"read by": self.api, "now": "waiting for the first messages"}
        seconds = recent[-1].timestamp - recent[0].timestamp or math.inf
        latency_ms = statistics.median(self.tally.latencies_ms[-len(recent) :])
        rates = {"rate": f"{(len(recent) - 1) / seconds:.0f}/s", "latency": f"{latency_ms:.2f} ms"}
        return {"read by": self.api, "now": self.describe(recent, seconds), **rates}

    def summary(self, metrics: Metrics) -> dict[str, str]:
        first, *others = self.tally.latencies_ms or [math.nan]
        latencies = sorted(others) or [math.nan]
        p50, p99, longest = (latencies[min(len(latencies) * n // 100, len(latencies) - 1)] for n in (50, 99, 100))
        return {
            "read by": self.api,
            "sent": str(self.tally.sent),
            "received": str(self.tally.sent - self.tally.lost),
            "errors": str(metrics.error_count_total),
            "bytes": f"{size(metrics.msg_bytes_total)} for {size(metrics.msg_uncompressed_bytes_total)} of JSON",
            "latency": f"p50 {p50:.2f}, p99 {p99:.2f}, max {longest:.2f} ms",
            "first message": f"after {first:.0f} ms",  # its key is derived when it arrives
        }


def named_apart(configured: Mapping[str, Any], suffix: str) -> Settings:
    """A `client_id` of its own for each client: of two with the same one, a broker throws the older one out."""
    name = configured.get("client_id")
    return {"client_id": f"{name}-{suffix}"} if name else {}


@asynccontextmanager
async def with_callbacks(topic: str, settings: Settings, receive: Receive) -> AsyncIterator[Reader]:
    own = named_apart(MessageReader(topics=topic, **settings).params, f"{topic}-reader")
    reader: AsyncMessageReader[Reading] = AsyncMessageReader(topics=topic, **settings | own)
    reader.on_message = receive
    await asyncio.to_thread(reader.open)
    try:
        yield reader
    finally:
        await asyncio.to_thread(reader.close)


@asynccontextmanager
async def in_asyncio(topic: str, settings: Settings, receive: Receive) -> AsyncIterator[Reader]:
    async def read(reader: aio.MessageReader[Reading]) -> None:
        async for message in reader:
            receive(message)

    own = named_apart(MessageReader(topics=topic, **settings).params, f"{topic}-reader")
    async with aio.MessageReader[Reading](topics=topic, **settings | own) as reader:
        task = asyncio.create_task(read(reader))
        yield reader
    await task


def write(streams: Sequence[Stream], settings: Settings, seconds: float, stop: threading.Event) -> None:
    """Send measurements for so long, beginning when a first one has come through each topic."""

    def writing(topic: str) -> MessageWriter[Reading]:
        own = named_apart(MessageWriter(topic=topic, **settings).params, f"{topic}-writer")
        return MessageWriter(topic=topic, **settings | own)

    with ExitStack() as stack:
        writers = [stack.enter_context(writing(stream.topic)) for stream in streams]

        def send() -> None:
            for stream, writer in zip(streams, writers, strict=True):
                stream.tally.send(writer, stream.measure())

        send()
        if all(stream.tally.wait_for_all() for stream in streams):
            end = (due := time.monotonic()) + seconds
            while due < end and not stop.wait(max(0.0, due - time.monotonic())):
                send()
                due += INTERVAL_S


async def run(streams: Sequence[Stream], reader: Settings, writer: Settings, seconds: float, console: Console) -> None:
    stop = threading.Event()
    async with AsyncExitStack() as stack:
        endless = reader | {"receive_timeout_ms": math.inf, "on_invalid": "skip"}
        opening = (stream.reading(stream.topic, endless, stream.tally.receive) for stream in streams)
        readers = [await stack.enter_async_context(reading) for reading in opening]
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        with shown(console, lambda: {stream.topic: stream.now() for stream in streams}):
            await asyncio.to_thread(write, streams, writer, seconds, stop)
            for stream in streams:
                await asyncio.to_thread(stream.tally.wait_for_all)
    closed = zip(streams, readers, strict=True)
    show(console, {stream.topic: stream.summary(reader.metrics) for stream, reader in closed})


@contextmanager
def shown(console: Console, facts: Callable[[], Facts]) -> Iterator[None]:
    """Show facts as they change: in a table drawn anew, or once a second where this is no terminal."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(1)
            show(console, facts())

    if console.is_terminal:
        with Live(console=console, refresh_per_second=5, get_renderable=lambda: table(facts()), transient=True):
            yield
    else:
        telling = asyncio.create_task(tell())
        yield
        telling.cancel()


def show(console: Console, facts: Facts) -> None:
    if console.is_terminal:
        console.print(table(facts))
    else:
        for topic, row in facts.items():
            print(f"{topic}: " + "; ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def table(facts: Facts) -> Table:
    drawn = Table("", *facts)
    for name in dict.fromkeys(name for row in facts.values() for name in row):
        drawn.add_row(name, *(row.get(name, "") for row in facts.values()))
    return drawn


def duration(text: str) -> float:
    if not (seconds := float(text)) > 0:  # nan is not
        raise ValueError(text)
    return seconds


def main(arguments: Sequence[str] | None = None) -> int | str:
    parser = argparse.ArgumentParser(prog="tools/hatch run demo", description=__doc__)
    parser.add_argument(
        "--seconds", type=duration, default=10.0, help="how long (default: %(default)s; or until Ctrl-C)"
    )
    parser.add_argument("--service", help="send through this service (default: through queues in this process)")
    parser.add_argument(
        "--write-to",
        metavar="SERVICE",
        help="write through this service, where one cannot serve both sides, as with Kafka's group_id (default: the same)",
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration file (default: as SINETStream finds it)")
    parser.add_argument("--topics", nargs=2, metavar="NAME", default=["machine-load", "machine-traffic"])
    options = parser.parse_args(arguments)
    if len(set(options.topics)) == 1:
        parser.error("--topics must be two different ones")
    if options.write_to and not options.service:
        parser.error("--write-to needs --service, which is read from then")
    settings: Settings = {"no_config": True, "type": "queue", "data_encryption": True, "data_compression": True}
    settings["crypto"] = {"password": secrets.token_urlsafe()}
    if options.service or options.config:
        settings = {"service": options.service, "config_file": options.config}
    settings["value_type"] = "json"
    writer = settings | ({"service": options.write_to} if options.write_to else {})
    streams = [
        Stream(options.topics[0], measure_load, describe_load, "callbacks", with_callbacks),
        Stream(options.topics[1], measure_traffic, describe_traffic, "asyncio", in_asyncio),
    ]
    route = options.service or options.config or "the queue plugin, encrypted and compressed"
    print(f"Measuring this machine for {options.seconds:g} s; the readings go as JSON through {route} ...", flush=True)
    try:
        asyncio.run(run(streams, settings, writer, options.seconds, Console()))
    except (SinetError, KeyboardInterrupt) as error:
        return f"demo: {str(error) or 'interrupted'}"
    lost, sent = (sum(getattr(stream.tally, what) for stream in streams) for what in ("lost", "sent"))
    print(f"LOST: {lost} of {sent} messages." if lost else f"Nothing lost: {sent} sent, {sent} received.")
    return int(lost > 0)


if __name__ == "__main__":
    os.chdir(os.environ.get("TOOLS_HATCH_FROM", "."))  # a configuration file is the user's
    sys.exit(main())
