"""The states of a reader or writer: opened and closed from any thread and in signal handlers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any

from sinetstream.errors import AlreadyConnectedError, NotOpenError, SinetError
from sinetstream.forks import keep
from sinetstream.spi.signal_safe_lock import lock_and_condition

__all__ = ["Lifecycle"]

State = Enum("State", "CLOSED OPENING OPEN CLOSING")


class Lifecycle(ABC):
    """The state of one reader or writer, and which thread opens or closes its plugin. `label` names it in errors."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._state = State.CLOSED
        self._opener = self._closer = 0
        self._lock, self._changed = lock_and_condition()
        self._plugin: Any = None
        self._is_parents = False

    @abstractmethod
    def _connect(self, ready: Callable[[Any], None]) -> Any:
        """Open a plugin, store it in `_plugin`, call `ready` with it, and return it; after an error `_plugin` is None."""

    def open(self, ready: Callable[[Any], None]) -> Any:
        """Open a plugin, call `ready` with it before any thread can close it, and return it; after an error it is closed.

        Raises `AlreadyConnectedError` when it is open or being opened; waits while it is being closed.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._is_closing_elsewhere())
            if self._state is not State.CLOSED:
                raise AlreadyConnectedError(f"{self._label} is open already")
            self._state = State.OPENING
            self._opener = threading.get_ident()
            self._is_parents = False
        opened = State.CLOSED
        try:
            plugin = self._connect(ready)
            opened = State.OPEN
            return plugin
        finally:
            self._set_state(opened)

    def begin_close(self, only: Any = None) -> Any:
        """Begin to close, and return the plugin: the caller closes it and then calls `closed`.

        Returns None where no plugin is open, or another one than `only`.
        """
        with self._lock:
            if self._state is State.OPENING and self._opener == threading.get_ident():
                raise SinetError(f"{self._label} is being opened by this thread: it cannot be closed meanwhile")
            self._changed.wait_for(lambda: self._state is not State.OPENING)
            if self._state is not State.OPEN or (only is not None and only is not self._plugin):
                return None
            self._state = State.CLOSING
            self._closer = threading.get_ident()
            plugin, self._plugin = self._plugin, None
        return plugin

    def wait_until_closed(self) -> None:
        """Wait while another thread closes it.

        Returns at once where this thread is the one that closes: a signal handler has interrupted it and calls this.
        """
        with self._lock:
            self._changed.wait_for(lambda: not self._is_closing_elsewhere())

    def hand_over_close(self) -> None:
        """For the thread that called `begin_close`: another thread closes the plugin and calls `closed`."""
        with self._lock:
            if self._closer == threading.get_ident():
                self._closer = 0

    def closed(self) -> None:
        """The plugin that `begin_close` returned is closed."""
        self._set_state(State.CLOSED)

    def plugin(self) -> Any:
        """The open plugin. Raises `NotOpenError`."""
        if self._plugin is None:
            raise self.not_open_error()
        return self._plugin

    def not_open_error(self) -> NotOpenError:
        """The error for use before `open`, after `close`, and in a child of the process that opened it."""
        if self._is_parents:
            return NotOpenError(
                f"{self._label} was opened before this process was forked: open one in the child instead"
            )
        return NotOpenError(f"{self._label} is not open: call open(), or use it in a `with` block")

    def forked(self) -> None:
        """In a forked child: it is closed here, and nothing is done to the plugin that the parent has open.

        A thread that is not here may have held the lock or been about to change the state.
        """
        keep(self)
        self._is_parents = self._is_parents or self._state is not State.CLOSED
        self._lock, self._changed = lock_and_condition()
        self._state = State.CLOSED
        self._opener = self._closer = 0
        self._plugin = None

    def _set_state(self, state: State) -> None:
        with self._lock:
            self._state = state
            self._changed.notify_all()

    def _is_closing_elsewhere(self) -> bool:
        return self._state is State.CLOSING and self._closer != threading.get_ident()
