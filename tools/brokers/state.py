"""What is known of a broker started here: state.json in its folder, from which every later command starts."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tools.brokers.process import Identity
from tools.brokers.users import USERS

__all__ = ["HOME", "ROOT", "State"]

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".brokers"
_FILE = "state.json"


@dataclass(frozen=True)
class State:
    kind: str
    how: str  # native or compose
    addresses: dict[str, str]
    command: tuple[str, ...] = ()
    identity: Identity | None = None  # of the broker's process; None while it is stopped, and for a container
    owner: Identity | None = None  # of the process that stops it at its own end; None: `down` does

    def of(self, identity: Identity | None) -> "State":
        return replace(self, identity=identity)

    def save(self, folder: Path) -> None:
        users = {user.name: user.password for user in USERS.values()}
        content = asdict(self) | {"certificates": str(folder / "secrets"), "users": users}
        new = folder / f"{_FILE}.{os.getpid()}"
        new.write_text(json.dumps(content, indent=2))
        new.replace(folder / _FILE)  # a reader sees the old one or the new one, never half of it

    @classmethod
    def load(cls, folder: Path) -> "State | None":
        try:
            content = json.loads((folder / _FILE).read_text())
        except FileNotFoundError:
            return None
        return cls(
            content["kind"],
            content["how"],
            content["addresses"],
            tuple(content["command"]),
            *(Identity(*content[who]) if content[who] else None for who in ("identity", "owner")),
        )

    @staticmethod
    def forget(folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            (folder / _FILE).unlink()

    @classmethod
    def all(cls) -> "Iterator[tuple[Path, State]]":
        for file in sorted((*HOME.glob(f"*/{_FILE}"), *HOME.glob(f"*/*/{_FILE}"))):
            if state := cls.load(file.parent):
                yield file.parent, state
