"""What kafka-python would log of passwords and tokens, when its loggers are at DEBUG."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["mask_logs"]

_LOGGERS = ("kafka.net.connection", "kafka.protocol.parser")
"""Those that log requests and answers. A filter is for the records of its own logger, not of those below it."""


class _Mask(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_masked, record.args))
        return True


_MASK = _Mask()


def mask_logs() -> None:
    """From now on, for this process: the exchange of credentials is named only, and bytes on the line are counted only."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_MASK)  # which it does once


def _masked(argument: Any) -> Any:
    if isinstance(argument, bytes | bytearray | memoryview):
        return f"<{len(argument)} bytes>"
    name = type(argument).__name__
    return f"{name}(***)" if name.startswith("Sasl") else argument
