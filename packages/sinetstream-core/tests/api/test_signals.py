"""Ctrl-C, and `close` in a signal handler, wherever they strike: nothing hangs, and nothing is lost."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("with_signals.py")
CLAIMS = list(runpy.run_path(str(SCRIPT))["CLAIMS"])


@pytest.mark.parametrize("claim", CLAIMS)
def test_signals(claim: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(SCRIPT), claim]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)

    assert result.returncode == 0, result.stderr
    assert result.stdout + result.stderr == ""
