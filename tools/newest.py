"""Try each plugin with the newest release of its client library: `tools/hatch run newest [--all-tests] [PACKAGE ...]`.

Run it once a week, and when a client library is released. The bound in the package's pyproject.toml is left aside, pre-releases are not
tried. Where it fails, the bound keeps users from that release; where it passes, the bound may be raised (CONTRIBUTING.md).
"""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

from tools.wheels import artefact, build, environment, run, test_tools, uv
from tools.workspace import CORE, ROOT, Package, packages


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/hatch run newest", description=__doc__)
    parser.add_argument("package", nargs="*", help="the packages to try (default: all plugins with a client library)")
    parser.add_argument(
        "--all-tests", action="store_true", help="all tests of the package, on brokers; not only `lowest-tests`"
    )
    options = parser.parse_args()
    plugins = [package for package in packages() if package.plugin and library(package) is not None]
    if unknown := set(options.package) - {package.name for package in plugins}:
        parser.error(f"no client library is declared by: {', '.join(sorted(unknown))}")
    build(next(package for package in packages() if package.name == CORE))
    failed = [
        package.name
        for package in plugins
        if (not options.package or package.name in options.package) and not works(package, all_tests=options.all_tests)
    ]
    if failed:
        print(f"failed with the newest release: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def library(package: Package) -> Requirement | None:
    """What the package requires of its client library."""
    declared = package.pyproject.get("tool", {}).get("sinetstream", {}).get("client-library")
    requirements = map(Requirement, package.project["dependencies"])
    return next((found for found in requirements if declared and found.name == declared["distribution"]), None)


def works(package: Package, *, all_tests: bool) -> bool:
    required = library(package)
    if required is None:
        raise SystemExit(f"{package.name} does not require its client library")
    build(package)
    with tempfile.TemporaryDirectory() as folder:
        unbounded = Path(folder) / "overrides.txt"
        unbounded.write_text(str(required).removesuffix(str(required.specifier)))
        python = environment(f"{folder}/venv", [artefact(package, ".whl")], "--overrides", str(unbounded))
        uv("pip", "install", "--python", python, *(everything() if all_tests else test_tools()))
        release = subprocess.check_output(
            [python, "-c", f"from importlib.metadata import version; print(version({required.name!r}))"], text=True
        ).strip()
        bound = "within" if required.specifier.contains(release) else "outside"
        print(f"{package.name}: {required.name} {release}, {bound} {required.specifier}", flush=True)
        tests = ["tests"] if all_tests else package.pyproject["tool"]["sinetstream"]["lowest-tests"]
        try:
            run(python, package.folder / "smoke.py", cwd=folder)
            run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(package.folder / test for test in tests))
        except SystemExit as failed:
            print(failed)
            return False
    print(f"{package.name}: works with {required.name} {release}", flush=True)
    return True


def everything() -> list[str]:
    """What this repository's tests and test brokers import, in the versions of hatch.toml."""
    found: list[str] = tomllib.loads((ROOT / "hatch.toml").read_text())["envs"]["default"]["dependencies"]
    return found


if __name__ == "__main__":
    sys.exit(main())
