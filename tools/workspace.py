"""The packages of this repository: the folders under packages/."""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CORE = "sinetstream-core"

_VERSION = re.compile(r'^((?:__version__|version) = )"(\d+\.\d+\.\d+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """One distribution. `name` is that of the folder, the distribution and the release tag."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def plugin(self) -> str | None:
        """The `type` that a plugin is for; None for core and the metapackage."""
        word = self.name.removeprefix("sinetstream-")
        return None if word in ("core", "sinetstream") else word

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text())

    @property
    def project(self) -> dict[str, Any]:
        project: dict[str, Any] = self.pyproject["project"]
        return project

    @property
    def source(self) -> Path | None:
        """The folder that `import` finds; None where there is no code."""
        abouts = list(self.folder.glob("src/**/__about__.py"))
        return abouts[0].parent if abouts else None

    @property
    def version_file(self) -> Path:
        return self.source / "__about__.py" if self.source else self.folder / "pyproject.toml"

    @property
    def version(self) -> str:
        found = _VERSION.search(self.version_file.read_text())
        if found is None:
            raise SystemExit(f"{self.version_file}: no version of the form 1.2.3")
        return found[2]

    def set_version(self, version: str) -> None:
        text = self.version_file.read_text()
        self.version_file.write_text(_VERSION.sub(rf'\g<1>"{version}"', text, count=1))

    @property
    def bounds(self) -> str:
        """How others require it: what it has now, up to the next major version."""
        major, minor, _ = self.version.split(".")
        return f">={major}.{minor},<{int(major) + 1}"

    @property
    def tag(self) -> str:
        return f"{self.name}-v{self.version}"

    @property
    def fragments(self) -> list[Path]:
        """What changed for users since the last release, one sentence a file."""
        return sorted(file for file in (self.folder / "changelog.d").glob("*") if file.name != "README.md")


def packages(root: Path = ROOT) -> list[Package]:
    """All of them, core first and the metapackage last: the order of a release."""
    found = [Package(file.parent) for file in root.glob("packages/*/pyproject.toml")]
    return sorted(found, key=lambda package: (package.name != CORE, package.plugin is None, package.name))
