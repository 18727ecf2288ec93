"""Check types package by package, as `mypy --strict`: tests of two packages may have the same file names.

With packages as arguments, by name or by folder, only those.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def python_files(folders: Iterable[Path]) -> list[Path]:
    return [file for folder in folders if folder.is_dir() for file in sorted(folder.rglob("*.py"))]


def foreign(file: Path) -> bool:
    """A file of a plugin that is test data, as its author wrote it: not held to our rules."""
    folders = [folder for folder in file.parents if folder.is_relative_to(ROOT / "tests-integration")]
    return any((folder / name).exists() for folder in folders for name in ("setup.py", "pyproject.toml"))


def main() -> int:
    packages = sorted(ROOT.glob("packages/*/"))
    groups = {package.name: [package / folder for folder in ("src", "tests", "benchmarks")] for package in packages}
    groups |= {name: [ROOT / name] for name in ("tools", "tests-integration", "docs")}
    search = os.pathsep.join(
        str(folder) for folder in (*(package / "src" for package in packages), ROOT / "tools/bench")
    )
    chosen = {Path(argument).name for argument in sys.argv[1:]}
    if unknown := chosen - groups.keys():
        print(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(groups)}", file=sys.stderr)
        return 2
    failed = []
    for name, folders in groups.items():
        files = [str(file.relative_to(ROOT)) for file in python_files(folders) if not foreign(file)]
        if name == "tools":
            files.append("conftest.py")
        if not files or (chosen and name not in chosen):
            continue
        print(f"mypy: {name}", flush=True)
        if subprocess.call([sys.executable, "-m", "mypy", *files], cwd=ROOT, env=os.environ | {"MYPYPATH": search}):
            failed.append(name)
    if failed:
        print(f"mypy failed in: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
