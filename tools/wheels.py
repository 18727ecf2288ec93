"""Build every package as wheel and sdist and try each one alone: `tools/hatch run wheels [--lowest]`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from workspace import ROOT, Package, packages

DIST = ROOT / "dist"


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/hatch run wheels", description=__doc__)
    parser.add_argument("--lowest", action="store_true", help="with the lowest version of every direct requirement")
    options = parser.parse_args()
    shutil.rmtree(DIST, ignore_errors=True)
    for package in packages():
        build(package)
    print("Checking what an index would refuse ...", flush=True)
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(DIST.iterdir()))
    for package in packages():
        try_alone(package, lowest=options.lowest)
    print(f"{len(packages())} packages: built, checked and tried alone")
    return 0


def build(package: Package) -> None:
    """Wheel and sdist; the sdist must build the same wheel, and both carry the licence and the type marker."""
    print(f"Building {package.name} {package.version} ...", flush=True)
    run("uv", "build", "--quiet", "--wheel", "--sdist", "--out-dir", DIST, package.folder)
    with tempfile.TemporaryDirectory() as folder:
        run("uv", "build", "--quiet", "--wheel", "--out-dir", folder, artefact(package, ".tar.gz"))
        (second,) = Path(folder).glob("*.whl")
        if contents(artefact(package, ".whl")) != contents(second):
            raise SystemExit(f"{package.name}: its sdist builds another wheel")
    names = contents(artefact(package, ".whl"))
    wanted = ["LICENSE", *(["py.typed"] if package.source else [])]
    for name in wanted:
        if not any(path.endswith(f"/{name}") for path in names):
            raise SystemExit(f"{package.name}: its wheel has no {name}")


def try_alone(package: Package, *, lowest: bool) -> None:
    """Install it with what it requires, and nothing else, in an empty environment; run its `smoke.py` there."""
    print(f"Trying {package.name} alone ...", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin/python"
        run("uv", "venv", "--quiet", "--python", sys.executable, folder)
        resolution = ["--resolution", "lowest-direct"] if lowest else []
        command = ["uv", "pip", "install", "--quiet", "--python", python, "--find-links", DIST, *resolution]
        run(*command, artefact(package, ".whl"))
        installed = subprocess.run(
            ["uv", "pip", "list", "--quiet", "--python", str(python)], capture_output=True, text=True, check=True
        ).stdout
        others = [
            other.name for other in packages() if other.plugin and other != package and f"{other.name} " in installed
        ]
        if others:
            raise SystemExit(f"{package.name} brings {', '.join(others)}")
        run(python, "-W", "error", package.folder / "smoke.py", cwd=folder)


def artefact(package: Package, ending: str) -> Path:
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    (found,) = DIST.glob(f"{stem}*{ending}")
    return found


def contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {item.filename: item.CRC for item in archive.infolist()}


def run(*command: object, cwd: object = ROOT) -> None:
    done = subprocess.run([str(word) for word in command], cwd=str(cwd), check=False)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(str(word) for word in command)}")


if __name__ == "__main__":
    sys.exit(main())
