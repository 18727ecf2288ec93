"""What kafka-python logs on its own threads is handled on another one, so that they never wait for a log handler.

They hold locks while they log. A handler that publishes, or closes a writer while logging is configured, would wait for the very
thread that waits for the handler. logging has no hook for this: each logger of kafka-python gets a filter and its own `isEnabledFor`.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue

from sinetstream_plugins.kafka.kafka_python.library_threads import is_library_thread, mark_library_thread

__all__ = ["flush_logs", "hand_over_logs"]

_FLUSH_S = 1.0


class _HandOver(logging.Filter):
    """Takes records of library threads out of the thread that logs them."""

    def __init__(self) -> None:
        super().__init__()
        self._loggers: dict[str, logging.Logger] = {}  # `getLogger` takes a lock
        self._records: SimpleQueue[logging.LogRecord] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def add_to(self, logger: logging.Logger) -> None:
        if logger.name not in self._loggers:
            self._loggers[logger.name] = logger
            logger.addFilter(self)
            logger.isEnabledFor = partial(_is_enabled_for, logger, logger.isEnabledFor)  # type: ignore[method-assign]

    def filter(self, record: logging.LogRecord) -> bool:
        if not is_library_thread() or threading.current_thread() is self._thread or sys.is_finalizing():
            return True
        others = logging.Filterer()
        others.filters = [each for each in self._loggers[record.name].filters if each is not self]
        if others.filter(record):  # first of all the one that masks secrets
            record.msg, record.args = record.getMessage(), None  # what the arguments say may change until it is handled
            self._records.put(record)
            self._start()
        return False

    def flush(self, timeout: float) -> None:
        """Wait until what was taken is handled, or for so long: a handler may be waiting for the current thread."""
        thread = self._thread
        if thread is not None and not is_library_thread():
            thread.join(timeout)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._handle, name="sinetstream-kafka-log", daemon=True)
                thread.start()
                self._thread = thread  # when it runs: `flush` may join it

    def _handle(self) -> None:
        mark_library_thread()  # so that no handler publishes these records through kafka-python, which would log again
        while True:
            try:
                record = self._records.get_nowait()
            except Empty:
                with self._starting:
                    if self._records.empty():
                        self._thread = None
                        return
            else:
                self._loggers[record.name].callHandlers(record)


_HAND_OVER = _HandOver()


def hand_over_logs() -> None:
    """From now on, for this process."""
    for name in list(logging.Logger.manager.loggerDict):
        if name == "kafka" or name.startswith("kafka."):
            _HAND_OVER.add_to(logging.getLogger(name))


def flush_logs() -> None:
    """Let what kafka-python has logged so far reach the handlers, before a reader or writer is closed."""
    _HAND_OVER.flush(_FLUSH_S)


def _is_enabled_for(logger: logging.Logger, ask_logger: Callable[[int], bool], level: int) -> bool:
    """In library threads without the lock that logging has while it is configured, and closes handlers."""
    if not is_library_thread():
        return ask_logger(level)
    return not logger.disabled and logger.manager.disable < level and level >= logger.getEffectiveLevel()
