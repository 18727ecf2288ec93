"""Killing pipelines at random moments, and counting what came out of them."""

import random
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sinetstream import MessageReader, MessageWriter

PIPELINES = 3
PIPELINE = Path(__file__).parent / "pipeline.py"
_DRAIN_S = 90.0


@dataclass(frozen=True)
class Outcome:
    kills: int
    inputs: int
    missing: int
    repeated: int


def kill_repeatedly(address: str, kills: int, topics: tuple[str, str] | None = None, seed: int = 0) -> Outcome:
    """Feed pipelines while they are killed with SIGKILL and started anew, then read what was committed."""
    source, target = topics or (f"in-{uuid.uuid4()}", f"out-{uuid.uuid4()}")
    service: dict[str, Any] = {"no_config": True, "type": "kafka", "brokers": address, "consistency": "AT_LEAST_ONCE"}
    moments = random.Random(seed)
    stop = threading.Event()
    inputs: list[bytes] = []

    def feed() -> None:
        with MessageWriter(topic=source, **service) as writer:
            while not stop.is_set():
                more = [b"%d" % (len(inputs) + number) for number in range(10)]
                writer.publish_many(more)
                inputs.extend(more)
                stop.wait(0.1)

    feeder = threading.Thread(target=feed)
    feeder.start()
    running: list[subprocess.Popen[bytes]] = []
    try:
        while not inputs:
            stop.wait(0.05)
        running += [_start(address, source, target) for _ in range(PIPELINES)]
        for _ in range(kills):
            stop.wait(moments.uniform(0.5, 2.5))
            victim = running.pop(moments.randrange(len(running)))
            victim.kill()
            victim.wait()
            running.append(_start(address, source, target))
        stop.set()
        feeder.join()
        seen = _drain(target, service, set(inputs))
    finally:
        stop.set()
        feeder.join()
        for process in running:
            process.kill()
            process.wait()
    return Outcome(
        kills, len(inputs), len(set(inputs) - set(seen)), sum(count - 1 for count in seen.values() if count > 1)
    )


def _start(address: str, source: str, target: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, str(PIPELINE), address, source, target], stdout=subprocess.DEVNULL)


def _drain(target: str, service: dict[str, Any], wanted: set[bytes]) -> Counter[bytes]:
    seen: Counter[bytes] = Counter()
    deadline = time.monotonic() + _DRAIN_S
    reading = {"auto_offset_reset": "earliest"}
    with MessageReader(topics=target, receive_timeout_ms=1000, type_spec=reading, **service) as reader:
        while time.monotonic() < deadline:
            for message in reader:
                seen[message.value] += 1
            if not wanted - set(seen):
                break
    return seen


if __name__ == "__main__":
    print(kill_repeatedly(sys.argv[1], int(sys.argv[2]), seed=int(sys.argv[3]) if len(sys.argv) > 3 else 0))
