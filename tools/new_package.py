"""Make a new plugin package that works, in process, from the first minute: `tools/hatch run new NAME`."""

import argparse
import keyword
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.lists import missing_lines
from tools.workspace import CORE, ROOT, Package

TEMPLATE = ROOT / "tools/template"
RESERVED = {
    *("all", "core", "sinetstream"),  # the metapackage's extra for everything, and no plugins
    *("false", "null", "off", "on", "true", "yes"),  # in YAML they are no text
    *("filterwarnings", "hypothesis", "parametrize", "skip", "skipif", "timeout", "tryfirst", "trylast"),
    *("usefixtures", "xfail"),  # markers of pytest: each package is one
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/hatch run new", description=__doc__)
    parser.add_argument("name", help="the word for `type:`, the distribution sinetstream-NAME and the module")
    name = parser.parse_args().name
    if problem := refused(name):
        parser.error(problem)
    words = {
        "NAME": name,
        "Name": name.capitalize(),
        "CORE_BOUNDS": Package(ROOT / "packages" / CORE).bounds,
    }
    folder = ROOT / f"packages/sinetstream-{name}"
    for template in sorted(TEMPLATE.glob("package/**/*.in")):
        place = filled(str(template.relative_to(TEMPLATE / "package")), words)
        render(template, folder / place.removesuffix(".in"), words)
    shutil.copy(ROOT / "LICENSE", folder)
    shutil.copy(ROOT / "packages" / CORE / "changelog.d/README.md", folder / "changelog.d")
    for tidy in (["check", "--fix"], ["format"]):  # how a line is broken depends on the length of the name
        subprocess.run([sys.executable, "-m", "ruff", *tidy, "--quiet", str(folder)], cwd=ROOT, check=True)
    page = ROOT / f"docs/plugins/{name}.md"
    if not page.exists():
        render(TEMPLATE / "page.md.in", page, words)
    print(f"Made packages/sinetstream-{name} and docs/plugins/{name}.md. People read these lists; please add:")
    print(*(f"  {line}" for line in missing_lines(ROOT)), sep="\n")
    commands = "tables", f"test packages/sinetstream-{name}", "lint", "check"
    print("Then:", "; ".join(f"tools/hatch run {command}" for command in commands))
    return 0


def refused(name: str) -> str | None:
    """Why this cannot be the name of a package, or None."""
    if not re.fullmatch(r"[a-z][a-z0-9]*", name) or keyword.iskeyword(name) or name in RESERVED:
        return (
            f"{name!r} must be one word of a-z and 0-9, no keyword of Python, and none of {', '.join(sorted(RESERVED))}"
        )
    folder = ROOT / f"packages/sinetstream-{name}"
    return f"{folder.relative_to(ROOT)} exists" if folder.exists() else None


def render(template: Path, target: Path, words: dict[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(filled(template.read_text(), words))


def filled(text: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


if __name__ == "__main__":
    sys.exit(main())
