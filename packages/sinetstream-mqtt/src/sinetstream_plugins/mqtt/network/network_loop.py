"""One connection to one broker, from CONNECT to its end, driven by one thread."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.properties import Properties
from sinetstream.errors import ConnectionError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.paho.client import PahoClient

__all__ = ["NetworkLoop"]

_PACKETS = 200  # as many are read at a time, before other work is looked for
_TICK_S = 0.5


class NetworkLoop:
    """Every failure is a `ConnectionError` of ours; after it, only `abort` may be called."""

    def __init__(self, client: PahoClient, broker: Address, wakeup: Wakeup) -> None:
        self._client = client
        self._broker = broker
        self._wakeup = wakeup
        self._selector = selectors.DefaultSelector()
        self._selector.register(wakeup, selectors.EVENT_READ)
        self._events = selectors.EVENT_READ
        self._more = False
        self._ticked = time.monotonic()

    def connect(self, parameters: Parameters, *, clean: bool) -> None:
        """Send CONNECT; blocks for at most `connection_timeout`, or until its `Connector` is interrupted."""
        version_5: dict[str, Any] = {"clean_start": clean, "properties": parameters.properties}
        try:
            self._client.connect_async(
                self._broker.host,
                self._broker.port,
                parameters.keepalive,
                **(version_5 if parameters.protocol == MQTTv5 else {}),
            )
            self._client.reconnect()
            self._selector.register(self._client.buffered_socket, selectors.EVENT_READ)  # type: ignore[arg-type]  # is set by now
        except Exception as error:  # paho raises what it stumbles over in the answers of strange servers
            words = error if isinstance(error, OSError | ValueError) else f"what came could not be read: {error!r}"
            raise ConnectionError(f"{self._broker}: {words}", broker=str(self._broker)) from error

    @property
    def is_alive(self) -> bool:
        """Whether there is a connection."""
        return self._client.socket() is not None

    @property
    def was_ended_by_broker(self) -> bool:
        """Whether the broker has closed the connection in good order; false where the connection was reset."""
        buffered = self._client.buffered_socket
        return buffered is not None and buffered.reader.is_at_end

    def run_once(self, timeout: float, has_pending: Callable[[], object] = lambda: False) -> None:
        """Send what is buffered and handle what was received; waits at most `timeout` seconds, not at all if `has_pending`."""
        try:
            self._write()
            if not self.is_alive:
                return
            self._wakeup.begin_wait()
            try:
                ready = self._selector.select(0 if self._more or has_pending() else timeout)
            finally:
                self._wakeup.end_wait()
            readable = self._more
            for key, mask in ready:
                if key.fileobj is self._wakeup:
                    self._wakeup.drain()
                else:
                    readable = readable or bool(mask & selectors.EVENT_READ)
            if readable:
                self._more = self._client.read(_PACKETS)
            self._tick()
        except Exception as error:
            words = f"{self._broker}: what came could not be read: {error!r}"
            raise ConnectionError(words, broker=str(self._broker)) from error

    def run_until(self, done: Callable[[], object], seconds: float) -> None:
        """Run until `done`, at most so long."""
        deadline = Deadline(seconds)
        while not done() and not deadline.is_over:
            self.run_once(min(deadline.left_s, _TICK_S))

    def disconnect(self, seconds: float, properties: Properties | None = None) -> bool:
        """Send DISCONNECT and wait for at most so long; tells whether the broker closed the connection in that time."""
        buffered = self._client.buffered_socket
        if not self.is_alive or buffered is None:
            return False
        buffered.linger_s = seconds
        self._client.disconnect(properties=properties)
        self.run_until(lambda: not self.is_alive, seconds)
        return buffered.was_closed_by_peer

    def has_unsent(self) -> bool:
        """Whether something waits to be sent."""
        buffered = self._client.buffered_socket
        return self._client.want_write() or (buffered is not None and buffered.unsent > 0)

    def abort(self) -> None:
        """Close the connection at once."""
        self._selector.close()
        if self._client.buffered_socket is not None:
            self._client.buffered_socket.close()

    def _write(self) -> None:
        if self.has_unsent():
            if self._client.want_write():
                self._client.loop_write()
            if self._client.buffered_socket is not None:
                self._client.buffered_socket.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.has_unsent() else 0)
        if events != self._events and self.is_alive:
            self._selector.modify(self._client.buffered_socket, events)  # type: ignore[arg-type]  # is set
            self._events = events

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked >= _TICK_S:
            self._ticked = now
            self._client.loop_misc()
