"""`tools/hatch run new NAME` makes a package that works and that everything finds."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.new_package import refused
from tools.workspace import ROOT, packages

pytestmark = pytest.mark.timeout(300)

MISSING = """\
README.md, table of packages: add | [`sinetstream-lab`](packages/sinetstream-lab) | ... |
docs/README.md, table of plugins: add | [`lab`](plugins/lab.md) | ... |
packages/sinetstream/pyproject.toml, extras: add lab = ["sinetstream-lab>=0.1,<1"]
packages/sinetstream/pyproject.toml, extras: name lab in all
packages/sinetstream/README.md, table of extras: add | `lab` | `sinetstream-lab` | `lab` |
"""


def python(folder: Path, *arguments: object, status: int = 0) -> str:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert status == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_new_package_is_green_and_check_names_the_lists_that_lack_it(
    clone: Path, wheels: dict[str, Path], install: Callable[..., Path], build: Callable[..., dict[str, Path]]
) -> None:
    said = python(clone, "-m", "tools.new_package", "lab")
    problems = python(clone, "-m", "tools.check_packages", status=1)

    assert MISSING.splitlines() == [line for line in problems.splitlines() if "lab" in line]
    assert all(line in said for line in MISSING.splitlines())
    package = clone / "packages/sinetstream-lab"
    python(clone, "-m", "ruff", "check", package)
    python(clone, "-m", "ruff", "format", "--check", package)
    python(clone, "tools/typecheck.py", "sinetstream-lab")

    wheel = build([package], clone / "dist")["sinetstream-lab"]
    lab = install(
        wheel, wheels["sinetstream-core"], "pytest>=9,<10", "pytest-timeout>=2.3", "psutil>=6", "trustme>=1.2"
    )
    tests = subprocess.run([lab, "-m", "pytest", "-q", package], cwd=clone, capture_output=True, text=True, check=False)

    assert 0 == tests.returncode, tests.stdout + tests.stderr


@pytest.mark.parametrize("name", ["x", "cloudpubsub", "averylongnameofamessagingsystem"])
def test_a_new_package_is_tidy_however_long_its_name_and_wherever_the_checkout_is(name: str, clone: Path) -> None:
    checkout = clone.rename(clone.with_name("NAME of Name"))

    python(checkout, "-m", "tools.new_package", name)

    package = checkout / f"packages/sinetstream-{name}"
    assert (package / f"src/sinetstream_plugins/{name}/plugin.py").is_file()
    assert [checkout] == list(checkout.parent.iterdir())
    python(checkout, "-m", "ruff", "check", package)
    python(checkout, "-m", "ruff", "format", "--check", package)


@pytest.mark.parametrize(
    "name",
    ["class", "core", "all", "Lab", "my-lab", "1st", "../lab", "queue", "sinetstream", "null", "true", "off", "skip"],
)
def test_a_name_that_cannot_be_a_package_is_refused(name: str, clone: Path) -> None:
    before = sorted(clone.rglob("*"))

    said = python(clone, "-m", "tools.new_package", name, status=2)

    assert name in said
    assert before == [path for path in sorted(clone.rglob("*")) if "__pycache__" not in path.parts]


def test_no_package_takes_a_marker_of_pytest_for_its_name() -> None:
    listing = python(ROOT, "-m", "pytest", "--markers", "-q")
    plugins = {package.plugin for package in packages()}
    markers = set(re.findall(r"^@pytest\.mark\.([a-z]\w*)", listing, re.MULTILINE)) - plugins

    assert {"skip", "timeout"} <= markers
    assert all(refused(marker) for marker in markers)
