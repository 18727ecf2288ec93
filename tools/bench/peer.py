"""The published SINETStream, installed in an environment of its own, and programs to measure in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Self

__all__ = ["ROOT", "STATE", "VERSION", "Side", "python"]

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".bench"
VERSION = "1.10.0"


class Side:
    """A program that answers lines with lines of JSON."""

    def __init__(self, interpreter: Path, program: Path, *arguments: str) -> None:
        command = [str(interpreter), str(program), *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, task: object) -> Any:
        assert self._process.stdin is not None  # noqa: S101  there are pipes
        assert self._process.stdout is not None  # noqa: S101
        print(json.dumps(task), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def python(*plugins: str) -> Path:
    """The interpreter that imports it, and these of its plugins. Raises `OSError` where it cannot be installed."""
    name = "-".join(("sinetstream", VERSION, *plugins, sys.implementation.cache_tag or ""))
    place = STATE / name
    interpreter = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = place / "installed"
    if not done.exists():
        print(f"Installing sinetstream {VERSION} in {place.relative_to(ROOT)} ...", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", f"sinetstream=={VERSION}", *plugins]
        result = subprocess.run(install, capture_output=True, text=True)
        if result.returncode:
            raise OSError(
                f"sinetstream {VERSION} cannot be installed: {(result.stderr.strip() or '?').splitlines()[-1]}"
            )
        done.touch()
    return interpreter
