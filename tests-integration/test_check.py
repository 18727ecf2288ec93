"""`tools/hatch run check` names what does not hold across packages."""

import subprocess
import sys
from pathlib import Path

CORE, QUEUE, META = "packages/sinetstream-core", "packages/sinetstream-queue", "packages/sinetstream"

Fault = tuple[str, str | None, str | None, str]

# file, what is in it, what comes in its place, what check says then
FAULTS: list[Fault] = [
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


def test_each_fault_is_named(clone: Path) -> None:
    """Faults of different files are tried together: a run of `check` imports every plugin."""
    sound = check(clone)
    for together in batches():
        before = {name: (clone / name).read_text() for name, *_ in together}
        for name, old, new, _ in together:
            damage(clone / name, old, new)

        problems = check(clone)

        assert 1 == problems.returncode
        assert [] == [fault for fault in together if fault[-1] not in problems.stdout], problems.stdout
        assert [] == [fault for fault in together if fault[-1] in sound.stdout], sound.stdout
        for name, text in before.items():
            (clone / name).write_text(text)


def batches() -> list[list[Fault]]:
    """The faults, at most one of each file in a batch."""
    found: list[list[Fault]] = []
    for fault in FAULTS:
        batch = next((batch for batch in found if fault[0] not in [name for name, *_ in batch]), None)
        if batch is None:
            found.append(batch := [])
        batch.append(fault)
    return found


def damage(file: Path, old: str | None, new: str | None) -> None:
    before = file.read_text()
    if old is None or new is None:
        file.unlink()
    else:
        assert old in before
        file.write_text(before.replace(old, new))


def check(clone: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.check_packages"]
    return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
