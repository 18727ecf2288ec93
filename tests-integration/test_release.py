"""A release bumps, writes the changelog, builds, checks, commits and tags; or it changes nothing."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)

QUEUE = "packages/sinetstream-queue"


def release(
    clone: Path, *arguments: str, suite: str = "true", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.release", *arguments, "--suite", suite]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)


def git(clone: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=clone, capture_output=True, text=True, check=True).stdout


def everything(clone: Path) -> str:
    """What a release could change."""
    return git(clone, "status", "--porcelain", "--ignored", "--", "packages", "dist") + git(clone, "show-ref", "--head")


def say(clone: Path, package: str, sentence: str) -> None:
    (clone / package / "changelog.d/news.md").write_text(f"{sentence}\n")
    git(clone, "add", package)
    git(clone, "commit", "--quiet", "--message", sentence)


def test_all_packages_are_released_together_core_first_and_then_one_alone(clone: Path) -> None:
    (clone / "dist").mkdir()
    (clone / "dist/sinetstream_queue-1.9.0-py3-none-any.whl").touch()  # an earlier try, not released

    first = release(clone, "--all", "minor")

    assert 0 == first.returncode, first.stderr
    count = len(list(clone.glob("packages/*/pyproject.toml")))
    released = git(clone, "log", f"-{count}", "--reverse", "--format=%s %D").splitlines()
    assert ["Release sinetstream-core 2.0.0", "Release sinetstream 2.0.0"] == [
        " ".join(released[place].split()[:3]) for place in (0, -1)
    ]
    assert all(f"tag: {line.split()[1]}-v" in line for line in released)
    assert "" == git(clone, "status", "--porcelain")
    built = [f"sinetstream_queue-2.0.0{ending}" for ending in ("-py3-none-any.whl", ".tar.gz")]
    assert built == sorted(file.name for file in (clone / "dist/sinetstream-queue-v2.0.0").iterdir())
    assert "dist/sinetstream-queue-v2.0.0/*" in first.stdout
    assert count == first.stdout.count("/*")

    say(clone, QUEUE, "Queues are blue.")
    before = everything(clone)
    shown = release(clone, "sinetstream-queue", "minor", "--dry-run")

    assert 0 == shown.returncode, shown.stderr
    assert before == everything(clone)
    assert "+- Queues are blue." in shown.stdout
    assert '+__version__ = "2.1.0"' in shown.stdout
    assert "sinetstream-queue-v2.1.0" in shown.stdout

    alone = release(clone, "sinetstream-queue", "minor")

    assert 0 == alone.returncode, alone.stderr
    changed = git(clone, "diff", "--name-only", "HEAD~", "HEAD").splitlines()
    about = f"{QUEUE}/src/sinetstream_plugins/queue/__about__.py"
    assert [f"{QUEUE}/CHANGELOG.md", f"{QUEUE}/changelog.d/news.md", about] == changed
    assert "sinetstream-queue-v2.1.0\n" == git(clone, "tag", "--points-at", "HEAD")
    headings = [line.split()[1] for line in (clone / QUEUE / "CHANGELOG.md").read_text().splitlines() if "## " in line]
    assert ["2.1.0", "2.0.0"] == headings


def test_what_is_not_committed_is_refused(clone: Path) -> None:
    (clone / "README.md").write_text("")

    result = release(clone, "sinetstream-queue", "minor")

    assert (1, True) == (result.returncode, "not committed" in result.stderr)


def test_who_releases_is_asked_before_anything_else(clone: Path) -> None:
    git(clone, "config", "--unset", "user.email")
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    result = release(clone, "sinetstream-queue", "minor", suite="touch ran", environment=os.environ | nobody)

    assert (1, True) == (result.returncode, "git config --global user.email" in result.stderr), result.stderr
    assert "user.name" not in result.stderr
    assert not (clone / "ran").exists()


def test_nothing_to_say_to_users_is_refused(clone: Path) -> None:
    git(clone, "rm", "--quiet", f"{QUEUE}/changelog.d/first-release.md")
    git(clone, "commit", "--quiet", "--message", "say nothing")

    result = release(clone, "sinetstream-queue", "minor")

    assert (1, True) == (result.returncode, "no sentence" in result.stderr)


def test_a_failing_suite_is_refused(clone: Path) -> None:
    before = everything(clone)

    result = release(clone, "sinetstream-queue", "minor", suite="echo all is lost; exit 3")

    assert (1, before) == (result.returncode, everything(clone))
    assert "failed: echo all is lost" in result.stderr


def test_a_failure_half_way_leaves_everything_as_it_was(clone: Path) -> None:
    git(clone, "tag", "sinetstream-core-v2.0.0")
    say(clone, "packages/sinetstream-core", "Everything is different.")
    before = everything(clone)

    result = release(clone, "sinetstream-core", "major")  # the plugins require core below 3

    assert (1, before) == (result.returncode, everything(clone))
    assert "'sinetstream-core<3,>=2.0' excludes the 3.0.0 that is here" in result.stderr


def test_a_package_that_does_not_exist_is_refused(clone: Path) -> None:
    result = release(clone, "sinetstream-cue", "minor")

    assert (1, True) == (result.returncode, "there are sinetstream-core, " in result.stderr)
