"""The published SINETStream, installed in an environment of its own."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["ROOT", "STATE", "VERSION", "python"]

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".bench"
VERSION = "1.10.0"


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
