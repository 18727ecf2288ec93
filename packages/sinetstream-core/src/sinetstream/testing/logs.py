"""Everything that anybody logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Logged", "logged"]


class Logged(logging.Handler):
    """The records of all loggers, at every level."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self._lines: list[tuple[str, str]] = []
        self.setFormatter(logging.Formatter("%(name)s: %(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append((record.name, self.format(record)))

    def line_with(self, text: str, *loggers: str) -> str | None:
        """The first line that contains `text`; of loggers whose names begin with one of `loggers`, where any is given."""
        lines = (line for name, line in self._lines if not loggers or name.startswith(loggers))
        return next((line for line in lines if text in line), None)


@contextmanager
def logged() -> Iterator[Logged]:
    """All loggers log at DEBUG in this block, whatever their levels were."""
    handler = Logged()
    known = (logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger))
    loggers = [logging.root, *known]
    before = [(logger, logger.level, logger.propagate, logger.disabled) for logger in loggers]
    disabled = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate, logger.disabled = True, False
    logging.root.addHandler(handler)
    try:
        yield handler
    finally:
        logging.root.removeHandler(handler)
        for logger, level, propagate, was_disabled in before:
            logger.setLevel(level)
            logger.propagate, logger.disabled = propagate, was_disabled
        logging.disable(disabled)
