"""Checks that a waiting loop ends in time, can go on, and takes no processor time."""

from __future__ import annotations

import asyncio
import threading
import time
from math import inf
from typing import Any

import pytest

from sinetstream.testing.area import Area, always
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken
from sinetstream.testing.waiting import within

__all__ = ["Timeouts"]

_TIMEOUT_MS = 60
_LONGER_MS = 250
_LONGEST_MS = 1000
_SETTLED_S = 0.1
_EARLY_S = 0.01
_LATE_S = 1.5
_WAIT_MS = 180
_LONGEST_WAIT_MS = 2000
_SHARE_OF_BUSY_LOOP = 0.2
_NEGLIGIBLE_SHARE = 0.03
_CONTROL_CPU_S = 0.03
_ATTEMPTS = 3


class Timeouts(Area):
    """`receive_timeout_ms`, in the sync API and in asyncio."""

    @pytest.mark.parametrize("kind", ["sync", "asyncio"])
    @always
    def test_the_loop_ends_in_time(self, trial: Trial, kind: str) -> None:
        """A loop ends after `receive_timeout_ms` without a message: not earlier, and not much later."""
        took = inf
        for timeout_ms in (_LONGER_MS, _TIMEOUT_MS):
            took, _ = _looped(trial, kind, timeout_ms)
            if took < timeout_ms / 1000 - _EARLY_S:
                raise Broken(
                    f"with receive_timeout_ms={timeout_ms} the loop ended after {took * 1000:.0f} ms: too early"
                )
            if took > timeout_ms / 1000 + _LATE_S:
                raise Broken(f"with receive_timeout_ms={timeout_ms} the loop ended only after {took:.2f} s")
        if took > _LONGER_MS / 1000:  # the machine is busy, or the loop ends when it likes
            _check_longer_takes_longer(trial, kind)

    @always
    def test_the_loop_goes_on_after_a_timeout(self, trial: Trial) -> None:
        """A loop that ended can be run again, and messages that arrived in between are not missed."""
        first, second = trial.values(2)
        reader = trial.reader(receive_timeout_ms=_TIMEOUT_MS)

        def read() -> list[Any]:
            parts = []
            with reader:
                for value in (None, first, second):
                    if value is not None:
                        trial.send([value])
                    parts.append([message.value for message in _read_patiently(reader, trial, value)])
            return parts

        parts = within(3 * trial.patience_s, "three loops that end by timeout", read)
        if parts != [[], [first], [second]]:
            raise Broken(f"nothing, {first!r} and {second!r} were to be read in three loops, but it was {parts}")

    @pytest.mark.parametrize("kind", ["sync", "async"])
    @always
    def test_waiting_is_not_busy(self, trial: Trial, kind: str) -> None:
        """Waiting for a message takes no processor time."""
        measure = _looped_cpu if kind == "sync" else _called_back_cpu
        shares = []
        for _ in range(_ATTEMPTS):  # one may have measured what the plugin does now and then
            available = _busy_loop_share()
            wait_ms = min(_WAIT_MS / available, _LONGEST_WAIT_MS)
            shares.append(measure(trial, wait_ms) / (wait_ms / 1000))
            if shares[-1] <= max(_SHARE_OF_BUSY_LOOP * available, _NEGLIGIBLE_SHARE):
                return
        raise Broken(f"waiting for a message takes {min(shares):.0%} of a processor: it waits busily")


def _check_longer_takes_longer(trial: Trial, kind: str) -> None:
    shorter, longer = (min(_looped(trial, kind, ms)[0] for _ in range(2)) for ms in (_TIMEOUT_MS, _LONGEST_MS))
    if longer - shorter < (_LONGEST_MS - _TIMEOUT_MS) / 2000:
        raise Broken(
            f"the loop ends after {longer:.2f} s with receive_timeout_ms={_LONGEST_MS}, and after {shorter:.2f} s "
            f"with {_TIMEOUT_MS}: it ends when it likes"
        )


def _busy_loop_share() -> float:
    """The share of a processor that a busy loop gets at this moment: on a busy machine a small one."""
    began, cpu = time.monotonic(), time.thread_time()
    while (used := time.thread_time() - cpu) < _CONTROL_CPU_S:
        pass
    return min(used / (time.monotonic() - began), 1.0)


def _looped_cpu(trial: Trial, milliseconds: float) -> float:
    """The processor time, in seconds, that a loop without a message takes."""
    return _looped(trial, "sync", milliseconds)[1]


def _called_back_cpu(trial: Trial, milliseconds: float) -> float:
    """The processor time, in seconds, that a reader takes which waits to call back."""
    reader = trial.async_reader()
    reader.on_message = lambda _: None
    with reader:
        threading.Event().wait(_SETTLED_S)
        cpu = time.process_time()
        threading.Event().wait(milliseconds / 1000)
        return time.process_time() - cpu


def _read_patiently(reader: Any, trial: Trial, expected: bytes | None) -> list[Any]:
    """Loop until messages come, again where a broker is slower than the reader's timeout; once where none is expected."""
    deadline = time.monotonic() + trial.patience_s
    while True:
        messages = list(reader)
        if messages or expected is None or time.monotonic() > deadline:
            return messages


def _looped(trial: Trial, kind: str, timeout_ms: float) -> tuple[float, float]:
    """The time, and the processor time, that a loop without a message takes; the second of two."""

    def sync() -> tuple[float, float]:
        with trial.reader(receive_timeout_ms=timeout_ms) as reader:
            list(reader)
            began, cpu = time.monotonic(), time.process_time()
            list(reader)
            return time.monotonic() - began, time.process_time() - cpu

    async def main() -> tuple[float, float]:
        async with trial.aio_reader(receive_timeout_ms=timeout_ms) as reader:
            began = time.monotonic()
            async for _ in reader:
                pass
            return time.monotonic() - began, 0.0

    what = f"a loop with receive_timeout_ms={timeout_ms}"
    longest_s = 2 * timeout_ms / 1000 + trial.patience_s + _LATE_S
    if kind == "sync":
        return within(longest_s, what, sync)
    return within(longest_s, what, lambda: asyncio.run(main()))
