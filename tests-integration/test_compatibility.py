"""A plugin built for core 2.0 runs on the core that is here: the queue plugin's first release keeps the contract.

Its source is taken from its tag. Until there is one, the source that will be released stands for it.
"""

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.wheels import required
from tools.workspace import CORE, ROOT, Package

pytestmark = [pytest.mark.queue, pytest.mark.timeout(300)]

QUEUE = "packages/sinetstream-queue"
KIT = """
from sinetstream.testing import Conformance, Harness

class TestFirstRelease(Conformance):
    harness = Harness(params={"type": "queue"})
"""


def first_release(checkout: Path, folder: Path) -> Path:
    """The source of the queue plugin's first release of major version 2, extracted into the folder."""
    git = ["git", "-C", str(checkout)]
    pattern = "sinetstream-queue-v2.*"
    tags = subprocess.check_output([*git, "tag", "--list", pattern, "--sort=v:refname"], text=True).split()
    if not tags:
        assert "## 2." not in (checkout / QUEUE / "CHANGELOG.md").read_text(), "no tag is here: git fetch --tags"
        return checkout / QUEUE
    archive = subprocess.check_output([*git, "archive", "--format=tar", tags[0], QUEUE])
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder / QUEUE


@pytest.fixture(scope="module")
def python(
    install: Callable[..., Path],
    build: Callable[..., dict[str, Path]],
    wheels: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    source = first_release(ROOT, tmp_path_factory.mktemp("source"))
    first = build([source], tmp_path_factory.mktemp("first"))["sinetstream-queue"]
    core = f"sinetstream-core[testing,zstd] @ {wheels['sinetstream-core'].as_uri()}"
    lowest = required(Package(ROOT / "packages" / CORE))  # the suite runs on the newest; pytest is among them
    return install(first, core, *lowest, "--resolution", "lowest-direct")


def run(python: Path, folder: Path, *arguments: object) -> None:
    done = subprocess.run(
        [python, "-W", "error", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_a_message_goes_through(python: Path, tmp_path: Path) -> None:
    run(python, tmp_path, ROOT / QUEUE / "smoke.py")


def test_it_keeps_the_contract_as_far_as_it_declares(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_first_release.py").write_text(KIT)

    run(python, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)


def test_what_follows_a_release_is_not_taken_for_it(clone: Path, tmp_path: Path) -> None:
    plugin = f"{QUEUE}/src/sinetstream_plugins/queue/plugin.py"
    released = (clone / plugin).read_text()
    git = ["git", "-C", str(clone)]
    subprocess.run([*git, "tag", "sinetstream-queue-v2.0.0"], check=True)
    (clone / plugin).write_text(released + "# what 2.1 brings\n")
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "2.1"], check=True)
    subprocess.run([*git, "tag", "sinetstream-queue-v2.1.0"], check=True)

    source = first_release(clone, tmp_path / "source")

    assert released == (source / plugin.removeprefix(f"{QUEUE}/")).read_text()


def test_a_checkout_without_the_tag_of_a_release_says_so(clone: Path, tmp_path: Path) -> None:
    with (clone / QUEUE / "CHANGELOG.md").open("a") as file:
        file.write("\n## 2.0.0 - 2026-01-01\n")

    with pytest.raises(AssertionError, match="git fetch --tags"):
        first_release(clone, tmp_path)
