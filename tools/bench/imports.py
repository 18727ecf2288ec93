"""What an import costs beyond a bare interpreter."""

import os
import subprocess
import sys
from collections.abc import Callable

import peer
from rows import Row, alternate, seconds

__all__ = ["run"]

_TARGETS_MS = {
    "import sinetstream": 60.0,
    "import sinetstream.spi": 60.0,
    "from sinetstream import MessageReader, MessageWriter": None,
}
_WITHOUT_CACHE = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"}


def run(quick: bool) -> list[Row]:
    bare, *imports = alternate(2 if quick else 21, _interpreter("pass"), *map(_interpreter, _TARGETS_MS))
    rows = []
    for program, samples in zip(_TARGETS_MS, imports, strict=True):
        best, median = samples.above(bare)
        rows.append(
            Row(
                name=program,
                unit="ms",
                target=_TARGETS_MS[program],
                measured=best * 1000,
                median=median * 1000,
                note=f"more than the {bare.best * 1000:.0f} ms of a bare interpreter",
            )
        )
    return rows


def _interpreter(program: str) -> Callable[[], float]:
    """As where it is installed: compiled once, before the first time that counts."""
    environment = {name: value for name, value in os.environ.items() if name not in _WITHOUT_CACHE}
    environment["PYTHONPYCACHEPREFIX"] = str(peer.STATE / "pycache")

    def start() -> None:
        subprocess.run([sys.executable, "-c", program], check=True, env=environment)

    start()
    return seconds(start)
