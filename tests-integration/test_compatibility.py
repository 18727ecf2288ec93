"""A plugin built for core 2.0 runs on the core that is here: the queue plugin's 2.0.0, frozen, keeps the contract.

Until that version is released `tools/hatch run check` compares the two, and `tools/hatch run freeze` renews the copy.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.wheels import required
from tools.workspace import CORE, ROOT, Package

pytestmark = [pytest.mark.queue, pytest.mark.timeout(300)]

FROZEN = Path(__file__).parent / "frozen_queue_2_0_0"
SMOKE = Path(__file__).parents[1] / "packages/sinetstream-queue/smoke.py"
KIT = """
from sinetstream.testing import Conformance, Harness

class TestFrozen(Conformance):
    harness = Harness(params={"type": "queue"})
"""


@pytest.fixture(scope="module")
def python(
    install: Callable[..., Path],
    build: Callable[..., dict[str, Path]],
    wheels: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    frozen = build([FROZEN], tmp_path_factory.mktemp("frozen"))["sinetstream-queue"]
    core = f"sinetstream-core[testing,zstd] @ {wheels['sinetstream-core'].as_uri()}"
    lowest = required(Package(ROOT / "packages" / CORE))  # the suite runs on the newest; pytest is among them
    return install(frozen, core, *lowest, "--resolution", "lowest-direct")


def run(python: Path, folder: Path, *arguments: object) -> None:
    done = subprocess.run(
        [python, "-W", "error", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_a_message_goes_through(python: Path, tmp_path: Path) -> None:
    run(python, tmp_path, SMOKE)


def test_it_keeps_the_contract_as_far_as_it_declares(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_frozen.py").write_text(KIT)

    run(python, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)
