"""One connection to one broker, from CONNECT to its end, driven by one thread."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import MQTTv5
from paho.mqtt.properties import Properties
from sinetstream.errors import ConnectionError
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.paho.client import PahoClient

__all__ = ["NetworkLoop"]

_PACKETS = 200  # that are read before it is looked for other work
_TICK_S = 0.5


class NetworkLoop:
    """What goes wrong is a `ConnectionError` of ours; afterwards only `end` may be called."""

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
            raise ConnectionError(f"{self._broker}: {words}") from error

    @property
    def alive(self) -> bool:
        """Whether there is a connection."""
        return self._client.socket() is not None

    def run_once(self, timeout: float, has_work: Callable[[], object]) -> None:
        """Send and receive; waits at most `timeout` seconds, not at all where `has_work`."""
        try:
            self._write()
            if not self.alive:
                return
            self._wakeup.begin_wait()
            try:
                ready = self._selector.select(0 if self._more or has_work() else timeout)
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
            raise ConnectionError(f"{self._broker}: what came could not be read: {error!r}") from error

    def run_until(self, done: Callable[[], object], seconds: float) -> None:
        """Turn until `done`, at most so long."""
        until = time.monotonic() + seconds
        while not done() and (left := until - time.monotonic()) > 0:
            self.run_once(min(left, _TICK_S), _never)

    def disconnect(self, seconds: float, properties: Properties | None = None) -> bool:
        """Send DISCONNECT; tells whether the broker took leave too, within that time."""
        buffered = self._client.buffered_socket
        if not self.alive or buffered is None:
            return False
        buffered.farewell_s = seconds
        self._client.disconnect(properties=properties)
        self.run_until(lambda: not self.alive, seconds)
        return buffered.parted

    def busy(self) -> bool:
        """Whether something waits to be sent."""
        buffered = self._client.buffered_socket
        return self._client.want_write() or (buffered is not None and buffered.unsent > 0)

    def abort(self) -> None:
        """Hang up, without ceremony."""
        self._selector.close()
        if self._client.buffered_socket is not None:
            self._client.buffered_socket.close()

    def _write(self) -> None:
        if self.busy():
            if self._client.want_write():
                self._client.loop_write()
            if self._client.buffered_socket is not None:
                self._client.buffered_socket.flush()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.busy() else 0)
        if events != self._events and self.alive:
            self._selector.modify(self._client.buffered_socket, events)  # type: ignore[arg-type]  # is set
            self._events = events

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked >= _TICK_S:
            self._ticked = now
            self._client.loop_misc()


def _never() -> bool:
    return False
