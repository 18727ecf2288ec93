"""From SINETStream 1.x of the package index to the wheels built here, by the line that the README gives."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.queue, pytest.mark.timeout(300)]

README = Path(__file__).parents[1] / "README.md"
OLD = ["sinetstream==1.10.0", "sinetstream-kafka==1.10.0", "sinetstream-mqtt==1.10.0"]
TRY = """
from sinetstream import MessageReader, MessageWriter
service = {"no_config": True, "type": "queue", "topic": "t", "value_type": "text"}
with MessageWriter(**service) as writer:
    writer.publish("hello")
with MessageReader(**service) as reader:
    print(next(reader).value)
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def old(install: Callable[..., Path]) -> Run:
    """Runs the Python of an environment that has SINETStream 1.10 and pip."""
    python = install(*OLD, "pip")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([python, "-I", *map(str, arguments)], capture_output=True, text=True, check=False)

    assert "1.10.0" in run("-m", "pip", "show", "sinetstream").stdout
    return run


@pytest.fixture
def ours(wheels: dict[str, Path]) -> list[Path]:
    return [wheels[name] for name in ("sinetstream", "sinetstream-core", "sinetstream-queue")]


def uninstall(old: Run) -> None:
    (line,) = [line for line in README.read_text().splitlines() if line.startswith("pip uninstall")]
    done = old("-m", *line.split())
    assert 0 == done.returncode, done.stderr


def test_after_the_line_of_the_readme_the_new_wheels_work(old: Run, ours: list[Path]) -> None:
    uninstall(old)
    installed = old("-m", "pip", "install", "--quiet", *ours)

    assert 0 == installed.returncode, installed.stderr
    names = {
        package["name"]: package["version"] for package in json.loads(old("-m", "pip", "list", "--format=json").stdout)
    }
    assert "sinetstream-kafka" not in names
    done = old("-W", "error", "-c", TRY)
    assert ("hello\n", "") == (done.stdout, done.stderr)


def test_beside_the_old_one_the_new_wheels_say_what_to_do_and_the_line_helps_there_too(
    old: Run, ours: list[Path]
) -> None:
    beside = [wheel for wheel in ours if not wheel.name.startswith("sinetstream-")]
    old("-m", "pip", "install", "--quiet", *beside)
    refused = old("-c", TRY)

    assert "UnsupportedServiceTypeError: sinetstream 1.10.0 is installed beside" in refused.stderr

    uninstall(old)
    old("-m", "pip", "install", "--quiet", *ours)

    assert "hello\n" == old("-c", TRY).stdout
