"""The pauses between attempts to connect again, and when the user is told of a lost connection."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from sinetstream.errors import SinetError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.options.parameters import Parameters

__all__ = ["ReconnectBackoff"]

log = logging.getLogger("sinetstream.mqtt")


class ReconnectBackoff:
    """The connection counts as lost from the first `pause` on, until `end`; then the pauses are short again."""

    def __init__(self, parameters: Parameters, stopping: threading.Event, lost: Callable[[SinetError], None]) -> None:
        self._parameters = parameters
        self._stopping = stopping
        self._lost = lost
        self._delay = parameters.reconnect_min
        self._error: SinetError | None = None  # why there is no connection, and since when
        self._since = 0.0
        self._reported = False

    def pause(self, error: SinetError) -> None:
        """Wait before the next attempt, longer each time; not when stopping."""
        now = time.monotonic()
        if self._error is None:
            self._since = now
            log.warning("%s; connecting again", error)
        self._error = error
        deadline = Deadline(self._delay * random.uniform(0.5, 1), self._stopping)
        while not deadline.is_over:
            self.report_when_due()
            limit_s = (
                deadline.left_s if self._reported else self._since + self._parameters.lost_limit - time.monotonic()
            )
            deadline.pause(max(0.001, limit_s))
        self._delay = min(2 * self._delay, self._parameters.reconnect_max)

    def report_when_due(self) -> None:
        """Tell that the connection is lost, once, when it has been for longer than the limit."""
        limit = self._parameters.lost_limit
        if self._error is not None and not self._reported and time.monotonic() >= self._since + limit:
            self._reported = True
            words = f"no connection for {limit:g} s, still trying; the last attempt: {self._error}"
            self._lost(type(self._error)(words))

    def end(self, broker: Address) -> None:
        """There is a connection."""
        if self._reported:
            log.warning("%s: connected again", broker)
        self._error, self._reported = None, False
        self._delay = self._parameters.reconnect_min
