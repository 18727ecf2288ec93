"""Wheels of the packages in this repository, environments that have nothing but wheels, and scratch clones."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent

Wheels = dict[str, Path]
Install = Callable[..., Path]


@pytest.fixture(scope="session")
def uv() -> Callable[..., str]:
    """Runs uv, and gives what it prints."""
    return run_uv


@pytest.fixture(scope="session")
def build() -> Callable[[Iterable[Path], Path], Wheels]:
    """Builds the wheels of source folders into a folder."""
    return build_wheels


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """The wheel of each package of ours, by distribution name. The processes of one run share them."""
    sources = sorted(file.parent for file in ROOT.glob("packages/*/pyproject.toml"))
    own = tmp_path_factory.getbasetemp()
    run_folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = run_folder / "wheels"
    with (run_folder / "wheels.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            build_wheels(sources, folder)
            (folder / "complete").touch()
    return wheels_in(folder)


@pytest.fixture(scope="session", params=["src/ssplugin/queue.py", "sample/queue.py"])
def guide_wheel(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The guide-era plugin's wheel, an author's and with the guide's own sample in its place.

    Built outside the checkout, for setuptools leaves files beside the source.
    """
    folder = tmp_path_factory.mktemp("guide")
    source = shutil.copytree(HERE / "guide_plugin", folder / "source")
    sample = (source / request.param).read_bytes()
    (source / "src/ssplugin/queue.py").write_bytes(sample)
    return build_wheels([source], folder)["sinetstream-queue"]


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Installs wheels, and what an index has, into a new, empty environment and gives its Python."""

    def new_environment(*requirements: object) -> Path:
        home = tmp_path_factory.mktemp("environment") / "venv"
        run_uv("venv", "--python", sys.executable, home)
        python = home / "bin" / "python"
        run_uv("pip", "install", "--python", python, *requirements)
        return python

    return new_environment


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of this checkout in which everything that is here, also what is not committed yet, is committed.

    It lies inside another project, whose broken settings concern nobody here.
    """
    (tmp_path / "pyproject.toml").write_text("[broken")
    copy = tmp_path / "within" / "clone"
    git("clone", "--quiet", "--shared", ROOT, copy)
    for name in git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0")[:-1]:
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        else:
            (copy / name).unlink()
    for setting in ("user.name=nobody", "user.email=nobody@example.org", "commit.gpgSign=no", "tag.gpgSign=no"):
        git("config", *setting.split("="), folder=copy)
    git("add", "--all", folder=copy)
    git("commit", "--quiet", "--allow-empty", "--message", "what is here", folder=copy)
    return copy


def build_wheels(sources: Iterable[Path], folder: Path) -> Wheels:
    for source in sources:
        run_uv("build", "--wheel", "--out-dir", folder, source)
    return wheels_in(folder)


def wheels_in(folder: Path) -> Wheels:
    return {wheel.name.split("-")[0].replace("_", "-"): wheel for wheel in folder.glob("*.whl")}


def run_uv(*arguments: object) -> str:
    return run(sys.executable, "-m", "uv", "--quiet", *arguments)


def git(*arguments: object, folder: Path = ROOT) -> str:
    return run("git", "-C", folder, *arguments)


def run(*command: object) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    result = subprocess.run(list(map(str, command)), env=clean, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
