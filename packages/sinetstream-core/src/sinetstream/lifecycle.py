"""Opening and closing: one plugin at a time, from any thread and in signal handlers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any

from sinetstream.errors import AlreadyConnectedError, NotOpenError, SinetError
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["Lifecycle"]

State = Enum("State", "CLOSED OPENING OPEN CLOSING")


class Lifecycle(ABC):
    """Whether a plugin is open, and which thread opens or closes it. `label` names it in errors."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._state = State.CLOSED
        self._opener = self._closer = 0
        self._lock, self._changed = lock_and_condition()
        self._plugin: Any = None

    @abstractmethod
    def _connect(self, ready: Callable[[Any], None]) -> Any:
        """Open a plugin, keep it in `_plugin`, give it to `ready`, and return it; after an error there is none."""

    def open(self, ready: Callable[[Any], None]) -> Any:
        """Open the plugin, give it to `ready` before anybody can close it, and return it; after an error it is closed.

        Raises `AlreadyConnectedError` when it is open or being opened; waits while it is being closed.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._closing_elsewhere())
            if self._state is not State.CLOSED:
                raise AlreadyConnectedError(f"{self._label} is open already")
            self._state = State.OPENING
            self._opener = threading.get_ident()
        opened = State.CLOSED
        try:
            plugin = self._connect(ready)
            opened = State.OPEN
            return plugin
        finally:
            self._become(opened)

    def begin_close(self, only: Any = None) -> Any:
        """Begin to close: the plugin, for the caller to close before it calls `closed`.

        None where nothing is open, or another plugin than `only`.
        """
        with self._lock:
            if self._state is State.OPENING and self._opener == threading.get_ident():
                raise SinetError(f"{self._label} is being opened by this very thread: it cannot be closed meanwhile")
            self._changed.wait_for(lambda: self._state is not State.OPENING)
            if self._state is not State.OPEN or (only is not None and only is not self._plugin):
                return None
            self._state = State.CLOSING
            self._closer = threading.get_ident()
            plugin, self._plugin = self._plugin, None
        return plugin

    def wait_until_closed(self) -> None:
        """Wait while another thread closes it.

        Not where this one does, and was interrupted by the signal handler that asks.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._closing_elsewhere())

    def hand_over_close(self) -> None:
        """The thread that called `begin_close` goes its way; another closes, and calls `closed`."""
        with self._lock:
            if self._closer == threading.get_ident():
                self._closer = 0

    def closed(self) -> None:
        """What `begin_close` gave is closed."""
        self._become(State.CLOSED)

    def plugin(self) -> Any:
        """The open plugin. Raises `NotOpenError`."""
        if self._plugin is None:
            raise self.not_open()
        return self._plugin

    def not_open(self) -> NotOpenError:
        """The error for use before `open` and after `close`."""
        return NotOpenError(f"{self._label} is not open: call open(), or use it in a `with` block")

    def _become(self, state: State) -> None:
        with self._lock:
            self._state = state
            self._changed.notify_all()

    def _closing_elsewhere(self) -> bool:
        return self._state is State.CLOSING and self._closer != threading.get_ident()
