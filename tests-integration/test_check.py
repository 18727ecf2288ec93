"""`tools/hatch run check` names what does not hold across packages."""

import subprocess
import sys
from pathlib import Path

import pytest

CORE, QUEUE, META = "packages/sinetstream-core", "packages/sinetstream-queue", "packages/sinetstream"

# file, what is in it, what comes in its place, what check says then
FAULTS = [
    (f"{QUEUE}/pyproject.toml", "core>=2.0,<3", "core>=2.0", "must be of the form name>=lowest,<next"),
    (f"{META}/pyproject.toml", "queue>=2.0,<3", "queue==2.0.0", "must be of the form name>=lowest,<next"),
    (f"{META}/pyproject.toml", "queue>=2.0,<3", "queue>=1.0,<2", "excludes the"),
    (f"{QUEUE}/pyproject.toml", '["sinetstream-core>=2.0,<3"]', "[]", "does not require sinetstream-core"),
    (f"{QUEUE}/pyproject.toml", "queue:QueueReader", "queue:Reader", "sinetstream.reader: queue = "),
    (f"{QUEUE}/pyproject.toml", "\nqueue = ", "\ncue = ", "sinetstream.reader: 'cue' must be 'queue'"),
    (f"{QUEUE}/LICENSE", "Apache", "Comanche", "LICENSE differs"),
    (f"{QUEUE}/CHANGELOG.md", "<!-- towncrier", "<!--", "CHANGELOG.md has no line"),
    (f"{QUEUE}/README.md", None, None, "README.md is missing"),
    (f"{QUEUE}/src/sinetstream_plugins/queue/py.typed", None, None, "py.typed is missing"),
    (f"{QUEUE}/changelog.d/first-release.md", None, None, "but changelog.d says nothing"),
    (
        f"{META}/pyproject.toml",
        "[project.optional-dependencies]",
        '[project.optional-dependencies]\nlab = ["sinetstream-lab>=2,<3"]',
        "take lab away",
    ),
    (f"{META}/pyproject.toml", "mqtt,queue]", "mqtt]", "name queue in all"),
    (f"{META}/README.md", "`queue`", "`cue`", "take cue away"),
    ("README.md", "`sinetstream-queue`", "`sinetstream-cue`", "take sinetstream-cue away"),
    ("docs/README.md", "queue.md", "cue.md", "add | [`queue`](plugins/queue.md)"),
    ("docs/plugins/queue.md", None, None, "docs/plugins/queue.md: write this page"),
    ("docs/reference.md", "| `MessageReader`", "| `Reader`", "sinetstream lacks MessageReader"),
    ("docs/reference.md", "| `installed`", "| `present`", "sinetstream.plugins has no present"),
]


@pytest.mark.timeout(300)
def test_each_fault_is_named(clone: Path) -> None:
    for name, old, new, said in FAULTS:
        file = clone / name
        before = file.read_text()
        if old is None or new is None:
            file.unlink()
        else:
            assert old in before
            file.write_text(before.replace(old, new))

        problems = subprocess.run(
            [sys.executable, "-m", "tools.check_packages"], cwd=clone, capture_output=True, text=True, check=False
        )

        assert (1, True) == (problems.returncode, said in problems.stdout), (name, new, problems)
        file.write_text(before)
