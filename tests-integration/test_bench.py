"""The benchmarks run; what they measure is not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITHOUT_BROKER = ("codec", "handoff", "imports", "large", "memory", "noop")


@pytest.mark.timeout(300)  # the first time, it installs the published SINETStream
def test_every_benchmark_runs_and_its_figures_are_saved(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"

    result = subprocess.run(
        [sys.executable, "tools/bench", *WITHOUT_BROKER, "--quick", "--json", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, True) == (result.returncode, file.exists()), result.stderr
    rows = json.loads(file.read_text())["rows"]
    assert [] == [row["name"] for row in rows if row["measured"] is None]
    starts = "the layer's own cost", "messages per second", "write 1 MB", "read 1 MB", "queue", "memory", "import"
    assert set(starts) == {start for start in starts for row in rows if row["name"].startswith(start)}
    assert len(rows) == sum(row["name"] in result.stdout for row in rows)


def test_a_benchmark_that_does_not_exist_is_named_with_those_that_do() -> None:
    result = subprocess.run(
        [sys.executable, "tools/bench", "noob"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 2 == result.returncode
    assert "noob: there are codec, handoff, imports" in result.stderr
