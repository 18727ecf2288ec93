"""The programs of the tutorial run on brokers as they are: only their configuration differs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.brokers import Broker

EXAMPLES = Path(__file__).parents[1] / "docs/examples"


def run(name: str, service: str, folder: Path) -> list[str]:
    config = (EXAMPLES / ".sinetstream_config.yml").read_text()
    (folder / ".sinetstream_config.yml").write_text(config.replace("type: queue\n", service))
    shutil.copy(EXAMPLES / f"{name}.py", folder)

    done = subprocess.run(
        [sys.executable, f"{name}.py"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )

    assert (0, "") == (done.returncode, done.stderr)
    return re.sub(r"\d{10}\.\d+", "TIME", done.stdout).splitlines()


@pytest.mark.mqtt
@pytest.mark.parametrize("name", ["ten_lines", "encrypted", "callbacks", "asyncio_streams"])
def test_an_example_says_the_same_on_mqtt(name: str, mosquitto_broker: Broker, tmp_path: Path) -> None:
    said = run(name, f"type: mqtt\n    brokers: {mosquitto_broker.address()}\n", tmp_path)

    assert (EXAMPLES / f"{name}.out").read_text().splitlines() == said


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["ten_lines", "encrypted", "asyncio_streams"])
def test_an_example_says_the_same_on_kafka(name: str, kafka_broker: Broker, tmp_path: Path) -> None:
    said = run(name, f"type: kafka\n    brokers: {kafka_broker.address()}\n", tmp_path)

    # Whether the topic has one partition, which keeps the order, or more is the broker's affair.
    assert sorted((EXAMPLES / f"{name}.out").read_text().splitlines()) == sorted(said)
