"""A broker as a process of this machine, recognised by its process id and the time it was started."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from tools.brokers.control import Control

__all__ = ["Identity", "Native"]

_WATCHDOG = Path(__file__).parent / "watchdog.py"
_LOG_LINES = 20


class Identity(NamedTuple):
    """A process id alone may long belong to another process."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Identity":
        return cls(pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1  # psutil derives it from a clock that is adjusted
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


class Native(Control):
    """`changed` hears the identity of each new process, and None when there is none any more."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        changed: Callable[[Identity | None], None],
        identity: Identity | None = None,
        watched: bool = False,
        patience: float = 30,
    ) -> None:
        self._command = list(command)
        self._folder = folder
        self._changed = changed
        self._identity = identity
        self._watched = watched
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "broker.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for the one who started it, not for the broker.
            self._child = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._identity = Identity.of(self._child.pid)
        self._changed(self._identity)
        if self._watched:
            command = [sys.executable, "-S", str(_WATCHDOG), str(self._child.pid)]
            self._watchdog = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def stop(self) -> None:
        self.thaw()
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def is_running(self) -> bool:
        return self._process() is not None

    def log(self) -> str:
        with contextlib.suppress(FileNotFoundError):
            text = (self._folder / "broker.log").read_text(errors="replace")
            return "\n".join(text.splitlines()[-_LOG_LINES:])
        return "(no log)"

    def _process(self) -> psutil.Process | None:
        return self._identity.process() if self._identity else None

    def _signal(self, number: int) -> None:
        if process := self._process():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _end(self, number: int) -> None:
        if process := self._process():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
                self._wait(process)
        if self._child is not None:
            self._child.wait()
            self._child = None
        self._identity = None
        self._changed(None)
        self._dismiss_watchdog()

    def _wait(self, process: psutil.Process) -> None:
        try:
            process.wait(self._patience)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()

    def _dismiss_watchdog(self) -> None:
        if self._watchdog is not None and self._watchdog.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.write(b"dismissed")
                self._watchdog.stdin.flush()
            self._watchdog.stdin.close()
            self._watchdog.wait()
            self._watchdog = None
