"""Wheels of the packages in this repository, and environments that have nothing but wheels."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILD_TOOLS = ["hatchling", "setuptools", "wheel"]  # today's: what an author would get

Wheels = dict[str, Path]
Install = Callable[..., Path]


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs pip of an environment of its own, which has the build tools too; gives what it prints."""
    home = tmp_path_factory.mktemp("builder") / "venv"
    subprocess.run([sys.executable, "-m", "venv", home], check=True)

    def run(*arguments: object) -> str:
        command = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
        result = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run("install", "--quiet", "--upgrade", *BUILD_TOOLS)
    return run


@pytest.fixture(scope="session")
def wheels(pip: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """The wheel of each package of ours, by distribution name."""
    sources = sorted(folder.parent for folder in HERE.parent.glob("packages/*/pyproject.toml"))
    return build(pip, sources, tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="session")
def guide_wheel(pip: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide-era plugin's wheel, built outside the checkout, for setuptools leaves files beside the source."""
    folder = tmp_path_factory.mktemp("guide")
    source = shutil.copytree(HERE / "guide_plugin", folder / "source")
    return build(pip, [source], folder)["sinetstream-queue"]


@pytest.fixture(scope="session")
def install(pip: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Installs wheels into a new, empty environment and gives its Python."""

    def new_environment(*wheels: Path) -> Path:
        home = tmp_path_factory.mktemp("environment") / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
        python = home / "bin" / "python"
        pip("--python", python, "install", "--quiet", "--no-compile", *wheels)
        return python

    return new_environment


def build(pip: Callable[..., str], sources: Iterable[Path], folder: Path) -> Wheels:
    pip("wheel", "--quiet", "--no-build-isolation", "--use-pep517", "--no-deps", "--wheel-dir", folder, *sources)
    return {wheel.name.split("-")[0].replace("_", "-"): wheel for wheel in folder.glob("*.whl")}


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
