"""Which code runs within kafka-python. A finalizer or a log handler of the application may run there, and call the plugin again.

kafka-python holds locks while it logs or allocates, so such a call could wait for its own thread for ever.
"""

from __future__ import annotations

import threading
from threading import get_ident

from sinetstream.errors import SinetError

__all__ = ["ReentryGuard", "is_library_thread", "mark_library_thread", "reentry_error"]


class _Thread(threading.local):
    runs_library = False


_thread = _Thread()
_marked: set[int] = set()  # faster to ask than `_thread`; another thread may get the number of one that has ended


def mark_library_thread() -> None:
    """The current thread is one of kafka-python's, or one of ours that drives it."""
    _thread.runs_library = True
    _marked.add(get_ident())


def is_library_thread() -> bool:
    """Whether the current thread is one of these."""
    return _thread.runs_library


class ReentryGuard:
    """For one client of kafka-python: the threads that are within a call of it.

    Where `is_inside` is true, do not call; else add the thread to `callers`, call, and remove it in any case.
    """

    def __init__(self) -> None:
        self.callers: set[int] = set()

    def is_inside(self, ident: int) -> bool:
        """Whether the current thread, with this number, is within a call of the client, or is a library thread."""
        return ident in self.callers or (ident in _marked and _thread.runs_library)


def reentry_error(what: str) -> SinetError:
    """The error for a call that was not made."""
    return SinetError(
        f"{what} within kafka-python is refused, where it would wait for itself: this was called by a finalizer (__del__) or a log "
        "handler that runs there",
        outcome="not_sent",
    )
