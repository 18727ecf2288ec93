"""The benchmarks run; what they measure is not judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.brokers.external import exports

ROOT = Path(__file__).parents[1]
WITHOUT_BROKER = ("codec", "handoff", "imports", "large", "memory", "noop")


def bench(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "tools/bench", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def check(file: Path, what: tuple[str, ...], starts: tuple[str, ...], **environment: str) -> None:
    result = bench(*what, "--quick", "--json", file, **environment)

    assert (0, True) == (result.returncode, file.exists()), result.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [] == [row["name"] for row in rows if row["measured"] is None]
    assert set(starts) == {start for start in starts for row in rows if row["name"].startswith(start)}
    assert len(rows) == sum(row["name"] in result.stdout for row in rows)


@pytest.mark.timeout(300)  # the first time, it installs the published SINETStream; so do the next two
def test_every_benchmark_without_a_broker_runs_and_its_figures_are_saved(tmp_path: Path) -> None:
    starts = "the layer's own cost", "messages per second", "write 1 MB", "read 1 MB", "queue", "memory", "import"
    check(tmp_path / "figures.json", WITHOUT_BROKER, starts)


@pytest.mark.timeout(300)
def test_those_of_kafka_run(tmp_path: Path, kafka_broker: Any) -> None:
    starts = "kafka async publish", "kafka publish_many", "kafka reader", "kafka publish, one", "kafka pipelines"
    check(tmp_path / "figures.json", ("kafka",), starts, **exports(kafka_broker))


@pytest.mark.timeout(300)
def test_those_of_mqtt_run(tmp_path: Path, mosquitto_broker: Any) -> None:
    starts = "mqtt async publish", "mqtt publish_many", "mqtt reading", "mqtt synchronous publish"
    check(tmp_path / "figures.json", ("mqtt",), starts, **exports(mosquitto_broker))


def test_a_benchmark_that_does_not_exist_is_named_with_those_that_do() -> None:
    result = bench("noob")

    assert 2 == result.returncode
    assert "noob: there are codec, handoff, imports" in result.stderr
