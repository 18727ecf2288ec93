"""The queue plugin's wheel is all that an application needs to try SINETStream."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.queue, pytest.mark.timeout(300)]  # the first test waits for the wheels

DEPENDENCIES_OF_CORE = {"promise", "six", "pyyaml", "cryptography", "cffi", "pycparser"}
SCRIPT = """
from sinetstream import MessageReader, MessageWriter

with MessageWriter("lab", "greetings", value_type="text") as writer:
    writer.publish("hello")
    writer.publish("world")
with MessageReader("lab", "greetings", value_type="text", receive_timeout_ms=50) as reader:
    for message in reader:
        print(message.topic, message.value)
"""


@pytest.fixture(scope="module")
def python(install: Callable[..., Path], wheels: dict[str, Path]) -> Path:
    return install(wheels["sinetstream-queue"], wheels["sinetstream-core"])


def test_it_needs_nothing_but_the_core(python: Path, uv: Callable[..., str]) -> None:
    packages = json.loads(uv("pip", "list", "--python", python, "--format", "json"))
    installed = {package["name"].lower() for package in packages}

    assert {"sinetstream-core", "sinetstream-queue"} == installed - DEPENDENCIES_OF_CORE
    uv("pip", "check", "--python", python)


def test_a_script_with_a_configuration_file_sends_and_receives(python: Path, tmp_path: Path) -> None:
    (tmp_path / ".sinetstream_config.yml").write_text("header: {version: 3}\nconfig: {lab: {type: queue}}\n")
    command = [str(python), "-I", "-X", "dev", "-W", "error", "-c", SCRIPT]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert result.stderr == ""
    assert result.stdout.splitlines() == ["greetings hello", "greetings world"]
