"""The queue plugin's 2.0.0, kept as test data: `tools/hatch run freeze` renews it until 2.0.0 is released."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.workspace import ROOT, Package

QUEUE = Package(ROOT / "packages/sinetstream-queue")
FROZEN = ROOT / "tests-integration/frozen_queue_2_0_0"
VERSION = "2.0.0"


def main() -> int:
    if not is_here():
        print(f"{QUEUE.name} {VERSION} is released, and something else is here: the frozen copy stays as it is")
        return 1
    shutil.rmtree(FROZEN / "src")
    for name, content in parts(QUEUE.folder).items():
        (FROZEN / name).parent.mkdir(parents=True, exist_ok=True)
        (FROZEN / name).write_bytes(content)
    return 0


def differences() -> Iterator[str]:
    """Where the copy is not what is here, as long as that is the version it is a copy of."""
    if is_here():
        here, frozen = parts(QUEUE.folder), parts(FROZEN)
        for name in sorted(name for name in here | frozen if here.get(name) != frozen.get(name)):
            yield f"{FROZEN.relative_to(ROOT)}/{name} differs from {QUEUE.name} {VERSION}: tools/hatch run freeze"


def is_here() -> bool:
    """Whether the package in this checkout is that version: not released yet, or unchanged since."""
    tag = f"{QUEUE.name}-v{VERSION}"
    released = bool(git("tag", "--list", tag))
    changed = released and bool(git("diff", "--name-only", tag, "--", QUEUE.folder / "src"))
    return QUEUE.version == VERSION and not changed


def parts(folder: Path) -> dict[str, bytes]:
    """What a wheel is built from, without the README: that of the copy says what it is."""
    sources = [file for file in folder.glob("src/**/*") if file.is_file() and "__pycache__" not in file.parts]
    files = [folder / "LICENSE", folder / "pyproject.toml", *sources]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def git(*arguments: object) -> str:
    words = ["git", *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
