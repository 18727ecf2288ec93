"""The broker instances of this checkout: find, start and end them, those left by dead test runs included."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.brokers import compose, native
from tools.brokers.broker import Broker
from tools.brokers.external import external_broker
from tools.brokers.install import Say
from tools.brokers.state import HOME, State

__all__ = ["KINDS", "down", "find", "private", "retire", "shared", "started_here", "up"]

KINDS = ("kafka", "mqtt")
_KEPT = 5  # folders of earlier test runs, for their logs


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two who start or stop the same broker at once do so one after the other."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _attach(folder: Path, state: State) -> Broker:
    if state.how == "compose":
        return compose.attach(folder, state)
    return native.attach(folder, state)


def started_here() -> Iterator[tuple[Path, State, Broker]]:
    for folder, state in State.all():
        yield folder, state, _attach(folder, state)


def find(kind: str) -> Broker | None:
    """Find an external broker, or the one that is up."""
    if broker := external_broker(kind):
        return broker
    state = State.load(HOME / kind)
    if state is None:
        return None
    broker = _attach(HOME / kind, state)
    return broker if broker.is_running() else None


def up(kind: str, say: Say) -> Broker:
    """The one there is, else a new one that stays until `down`."""
    with _alone():
        if broker := find(kind):
            broker.wait_ready()
            return broker
        folder = HOME / kind
        if compose.engine_answers():
            broker = compose.create(kind, folder, say=say)
        else:
            broker = native.create(kind, folder, say=say, watched=False)
        _start(broker)
        return broker


def shared(kind: str, say: Say, *, quick: bool = False) -> tuple[Broker, bool]:
    """The one there is, else a new one; and whether it is new, and so to be ended with `retire`."""
    if broker := find(kind):
        return broker, False
    if compose.engine_answers():
        return up(kind, say), True
    return private(kind, say, quick=quick), True


def private(kind: str, say: Say, changes: Mapping[str, str] | None = None, *, quick: bool = False) -> Broker:
    """A native one of this process's own, which ends with it at the latest; `retire` ends it.

    `changes` and `quick` as in native.create.
    """
    run = HOME / f"run-{os.getpid()}"
    _tidy(run)
    number = len(list(run.glob(f"{kind}-*"))) + 1
    broker = native.create(kind, run / f"{kind}-{number}", say=say, changes=changes, quick=quick)
    _start(broker)
    return broker


def retire(broker: Broker) -> None:
    """End a broker of this process's own, or the one that is up, for good. Its log stays."""
    for folder, state, there in started_here():
        if there.addresses == broker.addresses:
            if state.how == "compose":
                compose.remove(state.kind)
            else:
                broker.stop()
            State.forget(folder)
            shutil.rmtree(folder / "data", ignore_errors=True)


def _start(broker: Broker) -> None:
    try:
        broker.start()
    except BaseException:
        broker.kill()
        raise


def _tidy(run: Path) -> None:
    if run.exists():
        return
    old = sorted(HOME.glob("run-*"), key=lambda folder: folder.stat().st_mtime)
    for folder in old[:-_KEPT]:
        if not any(folder.rglob("state.json")):
            shutil.rmtree(folder, ignore_errors=True)


def down(kind: str, say: Say) -> None:
    """End the one that is up, and what a dead test run has left."""
    with _alone():
        for folder, state, broker in started_here():
            orphaned = state.owner is not None and state.owner.process() is None
            if state.kind == kind and (state.owner is None or orphaned):
                running = broker.is_running()
                retire(broker)
                say(f"{kind}: {'stopped' if running else 'was not running'}; its log is in {folder}")
