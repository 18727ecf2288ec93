"""Installed alone from its wheel, a plugin carries a message through a real broker; extras bring what they name."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.brokers import Broker
from tools.brokers.external import exports
from tools.wheels import required
from tools.workspace import CORE, ROOT, Package

pytestmark = pytest.mark.timeout(300)  # the first test waits for the wheels

STRICT = ("-W", "error", "-W", "ignore::DeprecationWarning")  # for what kafka-python does while it is imported

Install = Callable[..., Path]
Wheels = dict[str, Path]


def smoke(package: str, python: Path, broker: Broker, folder: Path) -> None:
    program = [str(python), *STRICT, str(ROOT / "packages" / package / "smoke.py")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

    done = subprocess.run(
        program, cwd=folder, env=environment | exports(broker), capture_output=True, text=True, check=False
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=["newest", "lowest"])
def alone(request: pytest.FixtureRequest, install: Install, wheels: Wheels) -> Callable[[str], Path]:
    """Installs a package and what it requires, in the newest or in the lowest versions, and nothing else."""

    def installed(package: str) -> Path:
        both = [Package(ROOT / "packages" / name) for name in (package, CORE)]
        lowest = ["--resolution", "lowest-direct", *(text for one in both for text in required(one))]
        return install(*(wheels[one.name] for one in both), *(lowest if request.param == "lowest" else ()))

    return installed


@pytest.mark.kafka
def test_the_kafka_wheel_alone_carries_a_message(
    kafka_broker: Broker, alone: Callable[[str], Path], tmp_path: Path
) -> None:
    smoke("sinetstream-kafka", alone("sinetstream-kafka"), kafka_broker, tmp_path)


@pytest.mark.mqtt
def test_the_mqtt_wheel_alone_carries_a_message(
    mosquitto_broker: Broker, alone: Callable[[str], Path], tmp_path: Path
) -> None:
    smoke("sinetstream-mqtt", alone("sinetstream-mqtt"), mosquitto_broker, tmp_path)


@pytest.mark.parametrize(
    ("extra", "brought"),
    [
        ("kafka", {"sinetstream-kafka"}),
        ("mqtt", {"sinetstream-mqtt"}),
        ("queue", {"sinetstream-queue"}),
        ("all", {"sinetstream-kafka", "sinetstream-mqtt", "sinetstream-queue"}),
    ],
)
def test_an_extra_brings_the_plugins_it_names_and_no_other(
    extra: str, brought: set[str], install: Install, wheels: Wheels, uv: Callable[..., str]
) -> None:
    folder = wheels["sinetstream"].parent
    python = install("--find-links", folder, f"sinetstream[{extra}] @ {wheels['sinetstream'].as_uri()}")
    installed = json.loads(uv("pip", "list", "--python", python, "--format", "json"))

    ours = {package["name"] for package in installed if package["name"].startswith("sinetstream")}
    assert {"sinetstream", "sinetstream-core"} | brought == ours
    uv("pip", "check", "--python", python)
