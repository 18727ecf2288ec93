"""What must hold across packages: `tools/hatch run check`."""

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

from workspace import ROOT, Package, packages

Problems = Iterator[str]

_CORE = "sinetstream-core"
_BOUNDED = re.compile(r"^[\w.-]+(\[[\w,-]+\])?>=[\w.]+,<[\w.]+$")
_PUBLIC = ("sinetstream", "sinetstream.aio", "sinetstream.spi", "sinetstream.testing")


def bounds(package: Package) -> Problems:
    """Every requirement has a lower and an upper bound; every plugin and the metapackage requires core."""
    extras = package.project.get("optional-dependencies", {})
    requirements = package.project.get("dependencies", [])
    for requirement in [*requirements, *(r for name, rs in extras.items() if name != "all" for r in rs)]:
        if not _BOUNDED.match(requirement.replace(" ", "")):
            yield f"{requirement!r} must be of the form name>=lowest,<next major"
    if package.name != _CORE and not any(r.startswith(f"{_CORE}>=") for r in requirements):
        yield f"requires no {_CORE}"


def licence(package: Package) -> Problems:
    """Each package carries the same LICENSE."""
    if (package.folder / "LICENSE").read_bytes() != (ROOT / "LICENSE").read_bytes():
        yield "LICENSE differs from the one at the root"


def files(package: Package) -> Problems:
    """What a package is made of."""
    expected = ["README.md", "CHANGELOG.md", "changelog.d/README.md"]
    for name in expected:
        if not (package.folder / name).is_file():
            yield f"{name} is missing"
    if package.source and not (package.source / "py.typed").is_file():
        yield f"{package.source.relative_to(package.folder)}/py.typed is missing"


def entry_points(package: Package) -> Problems:
    """Every entry point loads; a plugin's are named like the package."""
    for group, entries in package.project.get("entry-points", {}).items():
        for name, value in entries.items():
            if package.plugin and name != package.plugin:
                yield f"{group}: {name!r} must be {package.plugin!r}"
            try:
                EntryPoint(name, value, group).load()
            except Exception as error:  # noqa: BLE001  whatever an import raises is the finding
                yield f"{group}: {name} = {value!r} does not load: {error}"


def fragments(package: Package) -> Problems:
    """A change to the source since the last release says so in changelog.d."""
    if package.source is None or package.fragments:
        return
    tags = _git("tag", "--list", f"{package.name}-v*", "--sort=-v:refname").split()
    changed = not tags or _git("diff", "--name-only", tags[0], "--", str(package.folder / "src")).strip()
    if changed:
        yield f"src/ changed since {tags[0] if tags else 'the beginning'}, but changelog.d has no fragment"


def lists(package: Package) -> Problems:
    """The lists that people read name every package."""
    if f"packages/{package.name})" not in (ROOT / "README.md").read_text():
        yield "is missing in the table of packages in README.md"
    if package.plugin:
        page = f"plugins/{package.plugin}.md"
        if not (ROOT / "docs" / page).is_file() or page not in (ROOT / "docs/README.md").read_text():
            yield f"docs/{page} is missing, or docs/README.md does not link to it"
        meta = next(other for other in packages() if other.name == "sinetstream")
        extras = meta.project["optional-dependencies"]
        if not any(r.startswith(f"{package.name}>=") for r in extras.get(package.plugin, [])):
            yield f"the metapackage has no extra {package.plugin!r}"
        if package.plugin not in re.split(r"[\[\],]", extras["all"][0]):
            yield f"the metapackage's extra 'all' does not name {package.plugin!r}"


def public_names() -> Problems:
    """Every public name is in the reference, and what can have a docstring has one."""
    reference = (ROOT / "docs/reference.md").read_text()
    for module_name in _PUBLIC:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            value = getattr(module, name)
            if f"`{name}" not in reference:
                yield f"{module_name}.{name} is not in docs/reference.md"
            if (inspect.isclass(value) or inspect.isfunction(value)) and not value.__doc__:
                yield f"{module_name}.{name} has no docstring"


_EACH: tuple[Callable[[Package], Problems], ...] = (bounds, licence, files, entry_points, fragments, lists)


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parent))
    problems = [f"{package.name}: {problem}" for package in packages() for check in _EACH for problem in check(package)]
    problems += public_names()
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems in {len(packages())} packages")
    return bool(problems)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
