"""Warnings about settings that work but protect little: in the log, once each."""

from __future__ import annotations

import threading

__all__ = ["warn_once"]

_said: set[str] = set()
_lock = threading.Lock()


def warn_once(text: str) -> None:
    """Log a warning unless this process has logged the same text before."""
    with _lock:
        if text in _said:
            return
        _said.add(text)
    import logging

    logging.getLogger("sinetstream").warning("%s", text)
