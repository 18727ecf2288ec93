"""Release one package, or all that have something to say: `tools/hatch run release PACKAGE minor`.

Everything happens in a clone of the last commit; only what succeeded comes back, at the end.
"""

import argparse
import datetime as dt
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.workspace import ROOT, Package, packages

SUITE = "tools/hatch run lint && tools/hatch run test"
LEVELS = ("major", "minor", "patch")


class RefusedError(Exception):
    """Why there is no release."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/hatch run release", description=__doc__)
    parser.add_argument("package", nargs="?", help="the package to release alone")
    parser.add_argument("level", choices=LEVELS, help="what of its version is raised")
    parser.add_argument("--all", action="store_true", help="every package with a sentence in changelog.d, core first")
    parser.add_argument("--dry-run", action="store_true", help="show everything, change nothing")
    parser.add_argument(
        "--suite", default=SUITE, metavar="COMMAND", help="what must succeed first (default: %(default)s)"
    )
    options = parser.parse_args()
    if bool(options.package) == options.all:
        parser.error("name one package, or give --all")
    try:
        release(options.package, options.level, options.suite, dry_run=options.dry_run)
    except RefusedError as error:
        print(f"Nothing was changed: {error}", file=sys.stderr)
        return 1
    return 0


def release(name: str | None, level: str, suite: str, *, dry_run: bool) -> None:
    if dirty := git("status", "--porcelain"):
        raise RefusedError(f"there are changes that are not committed:\n{dirty}")
    names = [package.name for package in chosen(name)]
    identity = committer()
    start = git("rev-parse", "HEAD")
    show(f"Running: {suite}")
    if subprocess.run(["sh", "-c", suite], cwd=ROOT, env=os.environ | {"CI": "true"}).returncode:
        raise RefusedError(f"failed: {suite}")
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        clone = Path(folder) / "clone"
        git("clone", "--quiet", "--shared", *(f"--config={setting}" for setting in identity), ROOT, clone)
        git("checkout", "--quiet", start, folder=clone)
        tags = [prepare(package, level) for package in packages(clone) if package.name in names]
        run(sys.executable, "-m", "tools.check_packages", folder=clone)
        run(sys.executable, "-m", "tools.wheels", *names, folder=clone)
        show(git("log", "--patch", "--reverse", "--decorate", f"{start}..HEAD", folder=clone))
        if dry_run:
            show(f"Nothing was changed. Without --dry-run these would be tagged: {', '.join(tags)}")
            return
        take_over(clone, tags)
        kept = [keep(clone / "dist", package) for package in packages() if package.name in names]
    tagged, files = " ".join(tags), " ".join(f"{folder.relative_to(ROOT)}/*" for folder in kept)
    show(f"Released {tagged}. What is left to do:")
    show(f"  git push --atomic origin HEAD {tagged}\n  tools/hatch run twine upload {files}")


def committer() -> list[str]:
    """The user's name and address, for the clone has no settings of this checkout's."""
    words = {key: ["git", "config", "--get", key] for key in ("user.name", "user.email")}
    known = {
        key: subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
        for key, command in words.items()
    }
    if missing := [f"git config --global {key} ..." for key, value in known.items() if not value]:
        raise RefusedError(f"git does not know who makes the commit and the tag. Say {' and '.join(missing)}")
    return [f"{key}={value}" for key, value in known.items()]


def chosen(name: str | None) -> list[Package]:
    """The packages to release; each has something to say to its users."""
    found = [package for package in packages() if name in (None, package.name)]
    if not found:
        raise RefusedError(f"no package is called {name}: there are {', '.join(p.name for p in packages())}")
    speaking = [package for package in found if package.fragments]
    if not speaking:
        raise RefusedError(f"changelog.d of {name or 'every package'} has no sentence for users")
    return speaking


def prepare(package: Package, level: str) -> str:
    """Raise the version, collect the changelog, commit, tag."""
    clone = package.folder.parents[1]
    version = next_version(package, level)
    package.set_version(version)
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    collect = ["towncrier", "build", "--yes", f"--config={clone / 'tools/towncrier.toml'}", f"--dir={package.folder}"]
    run(sys.executable, "-m", *collect, f"--version={version}", f"--date={day}", folder=clone)
    git("commit", "--quiet", "--all", "--message", f"Release {package.name} {version}", folder=clone)
    git("tag", "--annotate", "--message", f"{package.name} {version}", package.tag, folder=clone)
    return package.tag


def next_version(package: Package, level: str) -> str:
    """The first release has the version that is there."""
    if not git("tag", "--list", f"{package.name}-v*", folder=package.folder):
        if "\n## " in (package.folder / "CHANGELOG.md").read_text():
            raise RefusedError(f"{package.name} was released before, but its tags are not here: git fetch --tags")
        return package.version
    major, minor, patch = map(int, package.version.split("."))
    return {"major": f"{major + 1}.0.0", "minor": f"{major}.{minor + 1}.0", "patch": f"{major}.{minor}.{patch + 1}"}[
        level
    ]


def take_over(clone: Path, tags: list[str]) -> None:
    git("fetch", "--quiet", "--atomic", "--no-tags", clone, *(f"refs/tags/{tag}:refs/tags/{tag}" for tag in tags))
    try:
        git("merge", "--quiet", "--ff-only", f"{tags[-1]}^{{commit}}")
    except RefusedError:
        git("tag", "--delete", *tags)
        raise


def keep(built: Path, package: Package) -> Path:
    """A folder of this release alone: what else is in dist/ may never have been released."""
    folder = ROOT / "dist" / package.tag
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in built.glob(f"{package.name.replace('-', '_')}-{package.version}*"):
        shutil.copy(file, folder)
    return folder


def git(*arguments: object, folder: Path = ROOT) -> str:
    return run("git", *arguments, folder=folder)


def run(*command: object, folder: Path) -> str:
    """What the program prints; where it fails, `RefusedError` with all that it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RefusedError(f"{shlex.join(words)} failed:\n{done.stdout}")
    return done.stdout.strip()


def show(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
