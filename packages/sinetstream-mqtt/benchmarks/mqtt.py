"""Writing to and reading from a real broker: the plugin beside bare paho doing the same, and the published plugin."""

import contextlib
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import uuid4

import peer
from broker import address_of
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from rows import Row, alternate
from sinetstream import AsyncMessageWriter, MessageReader, MessageWriter

__all__ = ["run"]

_CONSISTENCY = "AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"
_PATIENCE_S = 60
_PUBLISHED = "sinetstream-mqtt"

Times = Callable[[int, bytes, int], float]


def run(quick: bool) -> list[Row]:
    with address_of("mqtt") as address, _Published(address) as published:
        rounds = 1 if quick else 9
        rows: list[Row] = []
        for size, count in ((100, 2000), (1000, 2000), (100_000, 600)):
            for qos in range(3):
                rows += _rows(address, published, rounds, size, 20 if quick else count, qos)
        return [*rows, *_latency(address, published, rounds, 20 if quick else 300)]


def _rows(address: str, published: "_Published", rounds: int, size: int, count: int, qos: int) -> Iterator[Row]:
    value, where = b"\x5a" * size, f"QoS {qos}, {size} B"
    task = (count, value, qos)

    def timed(work: Callable[..., float]) -> Callable[[], float]:
        return lambda: work(address, *task)

    bare, pipelined, many, theirs = alternate(
        rounds, timed(_bare_write), timed(_write), timed(_write_many), lambda: published.time("write", *task)
    )
    for name, ours in (("async publish", pipelined), ("publish_many", many)):
        yield _ratio(f"mqtt {name}, {where}", bare, ours, count, 0.9, "bare paho")
        yield _ratio(f"mqtt {name}, {where}, and 1.10.0", theirs, ours, count, 1.0, "1.10.0's async publish")
    bare, on_its_thread, ours, theirs = alternate(
        rounds,
        timed(_bare_read),
        timed(_bare_read_on_its_thread),
        timed(_read),
        lambda: published.time("read", *task),
    )
    yield _ratio(f"mqtt reading, {where}", bare, ours, count, 0.9, "bare paho")
    yield _ratio(f"mqtt reading, {where}, upper mark", on_its_thread, ours, count, None, "paho's own thread")
    yield _ratio(f"mqtt reading, {where}, and 1.10.0", theirs, ours, count, 1.0, "1.10.0")


def _ratio(name: str, other: Any, ours: Any, count: int, target: float | None, what: str) -> Row:
    best, median = other.times(ours)
    words = f"{ours.best / count * 1e6:.0f} µs; {what}: {other.best / count * 1e6:.0f} µs"
    return Row(name=name, unit="times", target=target, measured=best, median=median, at_least=True, note=words)


def _latency(address: str, published: "_Published", rounds: int, count: int) -> Iterator[Row]:
    task = (count, b"\x5a" * 100, 1)
    bare, ours, theirs = alternate(
        rounds,
        lambda: _bare_wait(address, *task),
        lambda: _wait(address, *task),
        lambda: published.time("wait", *task),
    )
    for also, other, target in (("", bare, 1.1), (", and 1.10.0", theirs, 1.0)):
        best, median = ours.times(other)
        words = f"{ours.best * 1e6:.0f} µs; the other: {other.best * 1e6:.0f} µs"
        name = f"mqtt synchronous publish, QoS 1, p50{also}"
        yield Row(name=name, unit="times", target=target, measured=best, median=median, note=words)
    yield Row(name="mqtt synchronous publish, QoS 1, p50", unit="ms", target=1.0, measured=ours.best * 1e3)


# -- the plugin


def _given(address: str, qos: int) -> dict[str, Any]:
    consistency = _CONSISTENCY[qos]
    return {"no_config": True, "type": "mqtt", "brokers": address, "consistency": consistency, "user_data_only": True}


def _write(address: str, count: int, value: bytes, qos: int) -> float:
    with AsyncMessageWriter(topic=uuid4().hex, **_given(address, qos)) as writer:
        began = time.perf_counter()
        for promise in [writer.publish(value) for _ in repeat(None, count)]:
            promise.get(_PATIENCE_S)
        return time.perf_counter() - began


def _write_many(address: str, count: int, value: bytes, qos: int) -> float:
    with MessageWriter(topic=uuid4().hex, **_given(address, qos)) as writer:
        began = time.perf_counter()
        writer.publish_many(repeat(value, count))
        return time.perf_counter() - began


def _wait(address: str, count: int, value: bytes, qos: int) -> float:
    with MessageWriter(topic=uuid4().hex, **_given(address, qos)) as writer:
        return _median(lambda: writer.publish(value), count)


def _read(address: str, count: int, value: bytes, qos: int) -> float:
    topic = uuid4().hex
    with (
        MessageReader(topics=topic, receive_timeout_ms=_PATIENCE_S * 1000, **_given(address, qos)) as reader,
        _flood(address, topic, count + 1, value, qos),
    ):
        next(reader)
        began = time.perf_counter()
        for _ in repeat(None, count):
            next(reader).value  # noqa: B018  as an application would
        return time.perf_counter() - began


# -- bare paho


@contextlib.contextmanager
def _client(address: str, **options: Any) -> Iterator[Client]:
    client = Client(CallbackAPIVersion.VERSION2, client_id=uuid4().hex[:20], **options)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.on_socket_open = _without_delay
    host, port = address.rsplit(":", 1)
    client.connect(host, int(port))
    client.loop_start()
    try:
        connected.wait(_PATIENCE_S)
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _without_delay(_client: Any, _userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _bare_write(address: str, count: int, value: bytes, qos: int) -> float:
    topic, confirmed, done = uuid4().hex, [0], threading.Event()

    def on_publish(*_: Any) -> None:
        confirmed[0] += 1
        if confirmed[0] == count:
            done.set()

    with _client(address) as client:
        client.on_publish = on_publish
        began = time.perf_counter()
        for _ in repeat(None, count):
            client.publish(topic, value, qos)
        done.wait(_PATIENCE_S)
        return time.perf_counter() - began


def _bare_wait(address: str, count: int, value: bytes, qos: int) -> float:
    topic = uuid4().hex
    with _client(address) as client:
        return _median(lambda: client.publish(topic, value, qos).wait_for_publish(_PATIENCE_S), count)


def _bare_read(address: str, count: int, value: bytes, qos: int) -> float:
    topic, began = uuid4().hex, 0.0
    passed = queue.SimpleQueue[Any]()
    with _client(address, manual_ack=True) as client:
        client.on_message = lambda _client, _userdata, message: passed.put(message)
        _subscribe(client, topic, qos)
        with _flood(address, topic, count + 1, value, qos):
            for number in range(count + 1):
                message = passed.get(timeout=_PATIENCE_S)
                if not number:
                    began = time.perf_counter()
                message.payload, message.topic  # noqa: B018  as the reader gives them
                if qos:
                    client.ack(message.mid, qos)
            return time.perf_counter() - began


def _bare_read_on_its_thread(address: str, count: int, value: bytes, qos: int) -> float:
    topic, times, done = uuid4().hex, [], threading.Event()

    def on_message(_client: Any, _userdata: Any, message: Any) -> None:
        message.payload, message.topic  # noqa: B018  as the reader gives them
        times.append(time.perf_counter())
        if len(times) > count:
            done.set()

    with _client(address) as client:
        client.on_message = on_message
        _subscribe(client, topic, qos)
        with _flood(address, topic, count + 1, value, qos):
            done.wait(_PATIENCE_S)
            return times[-1] - times[0]


def _subscribe(client: Client, topic: str, qos: int) -> None:
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.subscribe(topic, qos)
    subscribed.wait(_PATIENCE_S)


# -- around both


@contextlib.contextmanager
def _flood(address: str, topic: str, count: int, value: bytes, qos: int) -> Iterator[None]:
    """While the block runs, another process writes."""
    script = str(Path(__file__).with_name("mqtt_flood.py"))
    command = [sys.executable, script, address, topic, str(count), str(len(value)), str(qos)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:  # noqa: S603  ours
        if writer.stdin is None or writer.stdout is None:
            raise RuntimeError("pipes were asked for")
        writer.stdout.readline()
        writer.stdin.close()
        yield


def _median(work: Callable[[], object], count: int) -> float:
    times = []
    for _ in repeat(None, count):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times)[count // 2]


class _Published(peer.Side):
    """The published plugin, in a process of its own."""

    def __init__(self, address: str) -> None:
        program = Path(__file__).with_name("mqtt_published.py")
        super().__init__(peer.python(f"{_PUBLISHED}=={peer.VERSION}"), program, address)
        self._address = address

    def time(self, way: str, count: int, value: bytes, qos: int) -> float:
        topic = uuid4().hex
        self.ask({"way": way, "count": count, "size": len(value), "qos": qos, "topic": topic})
        with contextlib.nullcontext() if way != "read" else _flood(self._address, topic, count + 1, value, qos):
            return float(self.ask("go"))
