"""A plugin written to the guide of SINETStream 1.2, and the guide's own, work unchanged with the wheels built here."""

import json
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("with_guide_plugin.py")
CLAIMS = list(runpy.run_path(str(SCRIPT))["CLAIMS"])

pytestmark = [pytest.mark.queue, pytest.mark.timeout(300)]  # the first test waits for the wheels


@pytest.fixture(scope="module")
def python(install: Callable[..., Path], wheels: dict[str, Path], guide_wheel: Path) -> Path:
    return install(guide_wheel, wheels["sinetstream"], wheels["sinetstream-core"])


def test_its_requirement_is_satisfied_by_our_metapackage(python: Path, uv: Callable[..., str]) -> None:
    installed = {
        package["name"]: package["version"]
        for package in json.loads(uv("pip", "list", "--python", python, "--format", "json"))
        if package["name"].startswith("sinetstream")
    }

    assert {"sinetstream", "sinetstream-core", "sinetstream-queue"} == installed.keys()
    assert installed["sinetstream-queue"] == "1.2.0"
    uv("pip", "check", "--python", python)


@pytest.mark.parametrize("claim", CLAIMS)
def test_with_it(claim: str, python: Path, tmp_path: Path) -> None:
    command = [str(python), "-I", "-W", "error", str(SCRIPT), claim]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 0, result.stderr
    assert result.stdout + result.stderr == ""
