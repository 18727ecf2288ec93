"""Records what all loggers log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Logged", "logged"]


class Logged:
    """The records of all loggers, at every level, as their filters leave them, whichever handlers they go to."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self._formatter = logging.Formatter("%(name)s: %(levelname)s: %(message)s")

    def add(self, record: logging.LogRecord) -> None:
        try:
            line = self._formatter.format(record)
        except Exception:  # noqa: BLE001  who logs what cannot be formatted is told so by the handlers
            line = f"{record.name}: {record.msg} {record.args!r}"
        self._lines.append((record.name, line))

    def line_with(self, text: str, *loggers: str) -> str | None:
        """The first line that contains `text`; of loggers whose names begin with one of `loggers`, where any is given."""
        lines = (line for name, line in self._lines if not loggers or name.startswith(loggers))
        return next((line for line in lines if text in line), None)


@contextmanager
def logged() -> Iterator[Logged]:
    """All loggers log at DEBUG in this block, whatever their levels were."""
    log = Logged()
    known = (logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger))
    loggers = [logging.root, *known]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    disabled, handle, silent = logging.root.manager.disable, logging.Logger.callHandlers, logging.NullHandler()

    def seen(logger: logging.Logger, record: logging.LogRecord) -> None:
        log.add(record)
        handle(logger, record)

    logging.disable(logging.NOTSET)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
    logging.root.addHandler(silent)  # without any, warnings go to stderr
    logging.Logger.callHandlers = seen  # type: ignore[assignment,method-assign]  # a handler would miss who does not propagate
    try:
        yield log
    finally:
        logging.Logger.callHandlers = handle  # type: ignore[method-assign]
        logging.root.removeHandler(silent)
        for logger, level, was_disabled in before:
            logger.setLevel(level)
            logger.disabled = was_disabled
        logging.disable(disabled)
