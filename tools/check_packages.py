"""What must hold across packages: `tools/hatch run check`."""

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint

from packaging.requirements import Requirement

from tools.lists import missing_lines
from tools.workspace import CORE, ROOT, Package, packages

Problems = Iterator[str]

_PUBLIC = (
    *("sinetstream", "sinetstream.aio", "sinetstream.plugins", "sinetstream.testing"),
    *("sinetstream.spi", "sinetstream.spi.addresses", "sinetstream.spi.options", "sinetstream.spi.tls"),
)
_FILES = ("README.md", "CHANGELOG.md", "LICENSE", "changelog.d/README.md", "smoke.py")
_RELEASES_START = "<!-- towncrier release notes start -->"


def bounds(package: Package) -> Problems:
    """A requirement has a lower and an upper bound; all but core require core; what is here satisfies it."""
    versions = {other.name: other.version for other in packages()}
    extras = package.project.get("optional-dependencies", {}).values()
    required = [Requirement(text) for text in package.project.get("dependencies", [])]
    builders = [Requirement(text) for text in package.pyproject["build-system"]["requires"]]
    optional = [Requirement(text) for texts in extras for text in texts]
    for requirement in [*required, *builders, *optional]:
        if requirement.name == package.name:  # its own extras
            continue
        if sorted(bound.operator for bound in requirement.specifier) != ["<", ">="]:
            yield f"'{requirement}' must be of the form name>=lowest,<next"
        elif not requirement.specifier.contains(versions.get(requirement.name, ""), prereleases=True) and (
            requirement.name in versions
        ):
            yield f"'{requirement}' excludes the {versions[requirement.name]} that is here"
    if package.name != CORE and CORE not in [requirement.name for requirement in required]:
        yield f"does not require {CORE}"


def files(package: Package) -> Problems:
    """What a package is made of, besides code."""
    missing = [name for name in _FILES if not (package.folder / name).is_file()]
    yield from (f"{name} is missing" for name in missing)
    if "LICENSE" not in missing and (package.folder / "LICENSE").read_bytes() != (ROOT / "LICENSE").read_bytes():
        yield "LICENSE differs from the one at the root"
    if "CHANGELOG.md" not in missing and _RELEASES_START not in (package.folder / "CHANGELOG.md").read_text():
        yield f"CHANGELOG.md has no line {_RELEASES_START}, below which a release writes"
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
                yield f"{group}: {name} = {value!r} does not load: {type(error).__name__}: {error}"


def fragments(package: Package) -> Problems:
    """A change since the last release says so in changelog.d, in a sentence."""
    for fragment in package.fragments:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*\.md", fragment.name) or not fragment.read_text().strip():
            yield f"changelog.d/{fragment.name} must be a sentence in a file named short-name.md"
    if package.fragments:
        return
    content = "src" if package.source else "pyproject.toml"
    tags = _git("tag", "--list", f"{package.name}-v*", "--sort=-v:refname").split()
    if not tags and f"## {package.version} " in (package.folder / "CHANGELOG.md").read_text():
        yield f"is released as {package.version}, but its tag is not here: git fetch --tags"
    elif not tags or _git("diff", "--name-only", tags[0], "--", str(package.folder / content)):
        yield f"{content} changed since {tags[0] if tags else 'the beginning'}, but changelog.d says nothing"


def public_names() -> Problems:
    """Every public name, and no other, is in the reference; what can have a docstring has one."""
    _, *sections = re.split(r"^## `([\w.]+)`$", (ROOT / "docs/reference.md").read_text(), flags=re.MULTILINE)
    written = {
        module: set(re.findall(r"^\| `(\w+)", text, re.MULTILINE))
        for module, text in zip(sections[::2], sections[1::2], strict=True)
    }
    for module_name in _PUBLIC:
        module = importlib.import_module(module_name)
        listed = written.get(module_name, set())
        for name in sorted(set(module.__all__) - listed):
            yield f"docs/reference.md: {module_name} lacks {name}"
        for name in sorted(listed - set(module.__all__)):
            yield f"docs/reference.md: {module_name} has no {name}"
        for name in module.__all__:
            value = getattr(module, name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and not value.__doc__:
                yield f"{module_name}.{name} has no docstring"


_EACH: tuple[Callable[[Package], Problems], ...] = (bounds, files, entry_points, fragments)


def main() -> int:
    found = packages()
    sys.path[:0] = [str(package.folder / "src") for package in found]  # what is here, whatever is installed
    problems = [f"{package.name}: {problem}" for package in found for check in _EACH for problem in check(package)]
    problems += [*missing_lines(ROOT), *public_names()]
    print(*problems, f"{len(found)} packages, {len(problems)} problems", sep="\n")
    return bool(problems)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
