"""A `sinetstream` older than 2 beside this one has the same files: what to do is said before anything goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPEN = """
from sinetstream import MessageWriter, UnsupportedServiceTypeError
for _ in range(2):
    try:
        MessageWriter(type="queue", topic="t", no_config=True).open().close()
        print("fine")
    except UnsupportedServiceTypeError as error:
        print(error)
"""
README = Path(__file__).parents[4] / "README.md"


def opened_beside(version: str, folder: Path) -> list[str]:
    info = folder / f"sinetstream-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: sinetstream\nVersion: {version}\n")
    done = subprocess.run(
        [sys.executable, "-c", OPEN],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("version", ["0.9", "1.10.0"])
def test_opening_a_service_beside_it_is_an_error_each_time_that_gives_the_line_of_the_readme(
    version: str, tmp_path: Path
) -> None:
    (line,) = [line for line in README.read_text().splitlines() if line.startswith("pip uninstall")]

    first, second = opened_beside(version, tmp_path)

    assert first == second
    assert first.startswith(f"sinetstream {version} is installed beside")
    assert first.endswith(line)


@pytest.mark.parametrize("version", ["2.0.0", "10.1"])
def test_one_of_this_generation_is_fine(version: str, tmp_path: Path) -> None:
    assert ["fine", "fine"] == opened_beside(version, tmp_path)
