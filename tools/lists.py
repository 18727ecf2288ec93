"""The lists of packages that people read, compared with the folder: who adds a package adds its lines."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement

from tools.workspace import Package, packages


def missing_lines(root: Path) -> Iterator[str]:
    """What to add, and what to take away, in the README, the docs index and the metapackage."""
    found = packages(root)
    plugins = {package.plugin: package for package in found if package.plugin}
    yield from _readme(root, found)
    yield from _docs(root, plugins)
    yield from _extras(root, plugins)


def _readme(root: Path, found: Iterable[Package]) -> Iterator[str]:
    listed = set(re.findall(r"^\| \[`(sinetstream[\w-]*)`\]", (root / "README.md").read_text(), re.MULTILINE))
    for package in found:
        if package.name not in listed:
            yield f"README.md, table of packages: add | [`{package.name}`](packages/{package.name}) | ... |"
    yield from _gone("README.md, table of packages", listed, {package.name for package in found})


def _docs(root: Path, plugins: dict[str, Package]) -> Iterator[str]:
    listed = set(re.findall(r"\]\(plugins/(\w+)\.md\)", (root / "docs/README.md").read_text()))
    for name in plugins:
        if not (root / f"docs/plugins/{name}.md").is_file():
            yield f"docs/plugins/{name}.md: write this page"
        if name not in listed:
            yield f"docs/README.md, table of plugins: add | [`{name}`](plugins/{name}.md) | ... |"
    yield from _gone("docs/README.md, table of plugins", listed, plugins)


def _extras(root: Path, plugins: dict[str, Package]) -> Iterator[str]:
    metapackage = Package(root / "packages/sinetstream")
    file = "packages/sinetstream/pyproject.toml"
    extras = metapackage.project["optional-dependencies"]
    rows = set(re.findall(r"^\| `(\w+)` \|", (metapackage.folder / "README.md").read_text(), re.MULTILINE))
    everything = set(re.split(r"[\[\],]", extras["all"][0])[1:-1])
    for name, package in plugins.items():
        if [Requirement(text).name for text in extras.get(name, [])] != [package.name]:
            yield f'{file}, extras: add {name} = ["{package.name}{package.bounds}"]'
        if name not in everything:
            yield f"{file}, extras: name {name} in all"
        if name not in rows:
            yield f"packages/sinetstream/README.md, table of extras: add | `{name}` | `{package.name}` | `{name}` |"
    yield from _gone(f"{file}, extras", set(extras) - {"all"}, plugins)
    yield from _gone(f"{file}, extra all", everything, plugins)
    yield from _gone("packages/sinetstream/README.md, table of extras", rows - {"all"}, plugins)


def _gone(place: str, listed: set[str], there: Iterable[str]) -> Iterator[str]:
    for name in sorted(listed - set(there)):
        word = name.removeprefix("sinetstream-")
        yield f"{place}: take {name} away, for there is no such package (tools/hatch run new {word} makes one)"
