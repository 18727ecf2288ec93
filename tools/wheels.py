"""Build every package as wheel and sdist, and try each wheel alone: `tools/hatch run wheels [--lowest] [PACKAGE ...]`."""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.workspace import CORE, ROOT, Package, packages

DIST = ROOT / "dist"
TEST_TOOLS = ("fastavro", "hypothesis", "psutil", "pytest", "pytest-timeout", "trustme")

# Warnings are errors, but for what a client library (kafka-python) does while it is imported.
_STRICT = ("-W", "error", "-W", "ignore::DeprecationWarning")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/hatch run wheels", description=__doc__)
    parser.add_argument("package", nargs="*", help="the packages to build, with core, and to try (default: all)")
    parser.add_argument("--lowest", action="store_true", help="also with the lowest version of what each one requires")
    options = parser.parse_args()
    found = packages()
    if unknown := set(options.package) - {package.name for package in found}:
        parser.error(f"no such package: {', '.join(sorted(unknown))}")
    chosen = [package for package in found if not options.package or package.name in options.package]
    built = found if options.lowest else [package for package in found if package in chosen or package.name == CORE]
    for old in (*DIST.glob("*.whl"), *DIST.glob("*.tar.gz")):  # a release's are in folders of their own
        old.unlink()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(build, built))
        run(sys.executable, "-m", "twine", "check", "--strict", *sorted(DIST.glob("*.whl")), *DIST.glob("*.tar.gz"))
        list(pool.map(try_alone, chosen))
        if options.lowest:
            list(pool.map(try_lowest, chosen))
    print(f"{len(built)} packages built and checked, {len(chosen)} tried alone: {DIST}")
    return 0


def build(package: Package) -> None:
    """Wheel and sdist; the sdist must build the same wheel, and both carry the licence and the type marker."""
    uv("build", "--wheel", "--sdist", "--out-dir", DIST, package.folder)
    with tempfile.TemporaryDirectory() as folder:
        uv("build", "--wheel", "--out-dir", folder, artefact(package, ".tar.gz"))
        (second,) = Path(folder).glob("*.whl")
        names = contents(second)
    if contents(artefact(package, ".whl")) != names:
        raise SystemExit(f"{package.name}: its sdist builds another wheel")
    for wanted in ("LICENSE", "py.typed") if package.source else ("LICENSE",):
        if not any(name.endswith(f"/{wanted}") for name in names):
            raise SystemExit(f"{package.name}: its wheel has no {wanted}")


def try_alone(package: Package) -> None:
    """With what it requires and nothing else, no plugin comes uninvited, its entry points load, and it works."""
    with tempfile.TemporaryDirectory() as folder:
        python = environment(folder, [artefact(package, ".whl")])
        run(python, *_STRICT, ROOT / "tools/alone.py", package.name, *uninvited(package), cwd=folder)
        run(python, *_STRICT, package.folder / "smoke.py", cwd=folder)
    print(f"{package.name} {package.version}: its wheel works alone", flush=True)


def try_lowest(package: Package) -> None:
    """With the lowest versions of what it, its extras and core require, it works.

    Tests that show it are named in its pyproject.toml, as `lowest-tests` in [tool.sinetstream].
    """
    core = next(other for other in packages() if other.name == CORE)
    with tempfile.TemporaryDirectory() as folder:  # for uv, what a wheel requires is not direct: so it is written out
        requirements = {*required(package), *required(core)}
        python = environment(folder, [artefact(package, ".whl"), *requirements], "--resolution", "lowest-direct")
        run(python, package.folder / "smoke.py", cwd=folder)
        if tests := package.pyproject.get("tool", {}).get("sinetstream", {}).get("lowest-tests"):
            uv("pip", "install", "--python", python, *test_tools())
            paths = [package.folder / test for test in tests]
            run(python, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *paths)
    print(f"{package.name} {package.version}: works with the lowest versions that it declares", flush=True)


def required(package: Package) -> list[str]:
    extras = package.project.get("optional-dependencies", {}).values()
    everything = [*package.project["dependencies"], *(text for texts in extras for text in texts)]
    return [text for text in everything if name_of(text) != package.name]


def test_tools() -> list[str]:
    """What tests import beside the packages, in the versions of hatch.toml."""
    everything: list[str] = tomllib.loads((ROOT / "hatch.toml").read_text())["envs"]["default"]["dependencies"]
    return [requirement for requirement in everything if name_of(requirement) in TEST_TOOLS]


def uninvited(package: Package) -> list[str]:
    """The distributions that only other plugins are or require, and what only tests do."""
    names = {"pytest", *(other.name for other in packages() if other.plugin)}
    for other in packages():
        names |= {name_of(requirement) for requirement in other.project["dependencies"] if other.name != CORE}
    return sorted(names - {package.name, CORE} - {name_of(text) for text in package.project["dependencies"]})


def name_of(requirement: str) -> str:
    return requirement.partition(">")[0].partition("[")[0].strip()


def environment(folder: str, wheels: Iterable[object], *options: str) -> Path:
    python = Path(folder) / "bin/python"
    uv("venv", "--python", sys.executable, folder)
    fresh = [
        option for package in packages() for option in ("--refresh-package", package.name)
    ]  # same version, new files
    uv("pip", "install", "--python", python, "--find-links", DIST, *fresh, *options, *wheels)
    return python


def artefact(package: Package, ending: str) -> Path:
    stem = f"{package.name.replace('-', '_')}-{package.version}"
    (found,) = DIST.glob(f"{stem}*{ending}")
    return found


def contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as archive:
        return {item.filename: item.CRC for item in archive.infolist()}


def uv(*arguments: object) -> None:
    run(sys.executable, "-m", "uv", "--quiet", *arguments)


def run(*command: object, cwd: object = ROOT) -> None:
    words = [str(word) for word in command]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(words, cwd=str(cwd), env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nfailed: {' '.join(words)}")


if __name__ == "__main__":
    sys.exit(main())
