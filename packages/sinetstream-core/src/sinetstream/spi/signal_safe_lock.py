"""A lock that Ctrl-C does not leave locked."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

__all__ = ["lock_and_condition"]


def lock_and_condition() -> tuple[AbstractContextManager[bool], threading.Condition]:
    """A lock, to be entered with `with`, and the condition to wait for and notify inside.

    `with condition:` would do the same but for an interrupt: `Condition.__enter__` is Python, and an exception of a
    signal handler between its taking the lock and the first line of the block would leave it locked for ever.
    """
    lock = threading.RLock()
    return lock, threading.Condition(lock)
