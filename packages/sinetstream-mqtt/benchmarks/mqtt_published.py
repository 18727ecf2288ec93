"""The published plugin's side of the benchmark: one task a line in, seconds out. Runs where it is installed."""

import json
import sys
import threading
import time
from typing import Any

import sinetstream

_CONSISTENCY = "AT_MOST_ONCE", "AT_LEAST_ONCE", "EXACTLY_ONCE"


def write(given: dict[str, Any], task: dict[str, Any], value: bytes) -> float:
    count, confirmed, done = task["count"], [0], threading.Event()

    def on_success(_: Any) -> None:
        confirmed[0] += 1
        if confirmed[0] == count:
            done.set()

    with sinetstream.AsyncMessageWriter(topic=task["topic"], **given) as writer:
        _go()
        began = time.perf_counter()
        for _ in range(count):
            writer.publish(value).then(on_success)
        done.wait(60)
        return time.perf_counter() - began


def wait(given: dict[str, Any], task: dict[str, Any], value: bytes) -> float:
    times = []
    with sinetstream.MessageWriter(topic=task["topic"], **given) as writer:
        _go()
        for _ in range(task["count"]):
            began = time.perf_counter()
            writer.publish(value)
            times.append(time.perf_counter() - began)
    return sorted(times)[len(times) // 2]


def read(given: dict[str, Any], task: dict[str, Any], _value: bytes) -> float:
    with sinetstream.MessageReader(topics=task["topic"], receive_timeout_ms=20_000, **given) as reader:
        time.sleep(0.5)  # its open does not wait until it is subscribed
        messages = iter(reader)
        _go()
        next(messages)
        began = time.perf_counter()
        for _ in range(task["count"]):
            next(messages).value  # noqa: B018  as an application would
        return time.perf_counter() - began


def _go() -> None:
    print('"ready"', flush=True)
    sys.stdin.readline()


def main() -> None:
    ways = {"write": write, "wait": wait, "read": read}
    for line in sys.stdin:
        task = json.loads(line)
        given = {
            "no_config": True,
            "type": "mqtt",
            "brokers": sys.argv[1],
            "consistency": _CONSISTENCY[task["qos"]],
            "user_data_only": True,
        }
        print(ways[task["way"]](given, task, b"\x5a" * task["size"]), flush=True)


if __name__ == "__main__":
    main()
