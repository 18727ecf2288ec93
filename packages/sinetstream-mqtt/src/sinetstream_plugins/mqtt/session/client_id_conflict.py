"""Finds out that a client of another process uses the same client_id: the broker then ends each connection soon."""

from __future__ import annotations

import time

from sinetstream.errors import ConnectionError, SinetError
from sinetstream_plugins.mqtt.options.client_id import ClientId

__all__ = ["ClientIdConflict"]

_SOON_S = 10.0
_LOSSES = 3
_TAKEN_OVER = "Session taken over"  # as paho writes MQTT 5's reason for it


class ClientIdConflict:
    """Counts connections in a row that were lost within seconds of being accepted."""

    def __init__(self, client_id: ClientId) -> None:
        self._client_id = client_id
        self._accepted_at = 0.0
        self._losses = 0

    def accepted(self) -> None:
        """The broker has accepted a connection."""
        self._accepted_at = time.monotonic()

    def lost(self, error: SinetError, *, by_broker: bool) -> tuple[SinetError, bool]:
        """The connection that was accepted is lost. Returns the error with what is suspected, and whether that is new.

        `by_broker`: the broker closed it in good order. A connection that was reset counts as a fault of the network.
        """
        by_broker = by_broker or _TAKEN_OVER in str(error)
        is_soon = time.monotonic() - self._accepted_at < _SOON_S
        self._losses = self._losses + 1 if is_soon and by_broker and not self._client_id.is_generated else 0
        if self._losses < _LOSSES:
            return error, False
        words = (
            f"{error}. The broker has ended {self._losses} connections in a row within seconds, as it does where there is another "
            f"client with this client_id, {self._client_id.sent!r}: give each client its own ({self._client_id.advice})"
        )
        return ConnectionError(words, broker=error.broker), self._losses == _LOSSES
