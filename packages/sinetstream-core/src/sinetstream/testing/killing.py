"""A reader in a process of its own, which the test kills."""

from __future__ import annotations

import pickle
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from sinetstream import UnsupportedServiceTypeError, plugins
from sinetstream.endpoint import session_of
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Unpicklable", "Victim"]

_START_S = 20.0
_GROUPS = ("reader", "async_reader")


class Unpicklable(Exception):  # noqa: N818  it is no failure
    """The parameters cannot be sent to another process."""


class _NothingMoreError(Broken):
    """The killed reader's process gets no message."""


class Victim:
    """`python -m sinetstream.testing.killed_process` with the trial's durable subscription; its reader is open already.

    It tells of each message in the loop's body, and goes on when it is told to.
    """

    def __init__(self, trial: Trial, **more: Any) -> None:
        program = _pickled(
            trial.params("reader", **trial.subscription, **more), session_of(trial.reader()).settings.type
        )
        self._patience_s = trial.patience_s
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sinetstream.testing.killed_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        trial.after.callback(self.kill)
        self._said: SimpleQueue[str] = SimpleQueue()
        self._errors: SimpleQueue[str] = SimpleQueue()
        self._listening = [
            Thread(target=_listen, args=(self._process.stdout, self._said), daemon=True),
            Thread(target=_listen, args=(self._process.stderr, self._errors), daemon=True),
        ]
        for thread in self._listening:
            thread.start()
        self._tell(b64encode(program).decode())
        self._hear(_START_S + self._patience_s)

    def holding(self, index: int) -> list[bytes]:
        """What it has got when it is in the loop's body with the message of that index."""
        got = [self._next()]
        while len(got) <= index:
            self._tell("next")
            got.append(self._next())
        return got

    def reading(self, values: Sequence[bytes]) -> list[bytes]:
        """What it gets until it has all of these, or nothing more comes; it closes its reader then."""
        got: list[bytes] = []
        while not set(values) <= set(got):
            if got:
                self._tell("next")
            try:
                got.append(self._next())
            except _NothingMoreError:
                self.kill()
                return got
        self._tell("break")
        self._process.wait(_START_S)
        return got

    def kill(self) -> None:
        """`kill -9`, and wait for its end. Does nothing to a process that has ended."""
        self._process.kill()
        self._process.wait()
        for thread in self._listening:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not stream.closed:
                stream.close()

    def _next(self) -> bytes:
        return bytes.fromhex(self._hear(self._patience_s))

    def _tell(self, line: str) -> None:
        if (stdin := self._process.stdin) is not None:
            stdin.write(line + "\n")
            stdin.flush()

    def _hear(self, seconds: float) -> str:
        try:
            line = self._said.get(timeout=seconds)
        except Empty:
            raise _NothingMoreError(f"a reader in a process of its own said nothing more for {seconds:g} s") from None
        if not line:
            self._process.wait(_START_S)
            raise Broken(f"a reader in a process of its own ended: {self._last_words()}")
        return line

    def _last_words(self) -> str:
        words = []
        while word := self._errors.get(timeout=_START_S):
            words.append(word)
        return words[-1] if words else "without a word"


def _listen(stream: Any, lines: SimpleQueue[str]) -> None:
    for line in stream:
        lines.put(line.strip())
    lines.put("")


def _pickled(params: dict[str, Any], type_name: str) -> bytes:
    classes = {}
    for group in _GROUPS:
        try:
            classes[group] = plugins.find(type_name, f"sinetstream.{group}")[1]
        except UnsupportedServiceTypeError:
            continue
    try:
        return pickle.dumps((params, type_name, classes))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise Unpicklable(str(error)) from error
