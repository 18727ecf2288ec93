"""The connection of one reader or writer: one thread that owns paho, connects, and connects again."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from paho.mqtt.client import MQTTv5
from sinetstream.errors import AuthorizationError, ConnectionError, SinetError
from sinetstream_plugins.mqtt.connection_delegate import ConnectionDelegate
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.network.network_loop import NetworkLoop
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.packets.reason_codes import refusal
from sinetstream_plugins.mqtt.paho.make_client import make_client
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes
from sinetstream_plugins.mqtt.session.reconnect_backoff import ReconnectBackoff
from sinetstream_plugins.mqtt.session.session_resumption import SessionResumption

__all__ = ["Connection"]

_LAST_WORDS_S = 1.0
_LEAVING_S = 2.0  # all of it: last words, DISCONNECT, and the end of the session
_LONGEST_WAIT_S = 0.5


class Connection:
    """From `open` to `close` there is one thread, and a loop whenever a broker lets us have one."""

    def __init__(self, parameters: Parameters, delegate: ConnectionDelegate) -> None:
        self._parameters = parameters
        self._delegate = delegate
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._failure: SinetError | None = None
        self._is_ready = False
        self._refused: SinetError | None = None
        self._backoff = ReconnectBackoff(parameters, self._stopping, delegate.on_lost)
        self._facts: dict[str, Any] = {
            "state": "closed",
            "broker": None,
            "connections": 0,
            "session_resumed": False,
            "session_expiry_s": None,
        }

    def open(self) -> None:
        """Connect to the first broker that accepts us; returns when the delegate is ready, and raises why not."""
        self._connector = Connector()
        self._resumption = SessionResumption(self._parameters, self._connector)
        self._client = make_client(self._parameters, on_released=self._delegate.on_pubrel, connector=self._connector)
        self.wakeup = Wakeup()
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._delegate.set_callbacks(self._client)
        self._thread = threading.Thread(target=self._run, name="sinetstream-mqtt", daemon=True)
        self._facts["state"] = "connecting"
        self._thread.start()
        self._settled.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Send what the delegate has handed over, take leave and end the thread. From any thread, any number of times."""
        self._stopping.set()
        if hasattr(self, "_thread"):
            if self._facts["state"] != "connected":
                self._connector.interrupt()
            self.wakeup.wake()
            if threading.current_thread() is not self._thread and not self.wakeup.is_running_inline():
                self._thread.join()

    def set_ready(self) -> None:
        """For the delegate: what it needs is there."""
        self._is_ready = True

    def refuse(self, error: SinetError) -> None:
        """For the delegate: the broker denied what it needs."""
        self._refused = error

    def forget(self) -> None:
        """For the delegate: what is under way is given up. The next connection begins a new session, as the broker remembers."""
        self._client.forget()
        self._resumption.forget()

    def info(self) -> Mapping[str, Any]:
        """What is known of the connection at this moment."""
        return dict(self._facts)

    # -- all below runs on the thread

    def _run(self) -> None:
        try:
            self._live()
        except Exception as error:  # noqa: BLE001  whatever it is, everybody must hear of it
            self._failure = SinetError(f"the connection ended by a fault: {error!r}")
            self._failure.__cause__ = error
            if self._settled.is_set():
                self._delegate.on_lost(self._failure)
        finally:
            self._facts["state"] = "closed"
            self._delegate.on_closed()
            self._settled.set()
            self.wakeup.close()

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve(self._reach_any())
            except SinetError as error:
                if not self._settled.is_set():
                    self._failure = error
                    return
                if self._stopping.is_set():
                    return
                self._backoff.pause(error)

    def _reach_any(self) -> NetworkLoop:
        errors = []
        for broker in self._parameters.brokers:
            self._backoff.report_when_due()
            self._broker = broker
            self._facts["broker"] = str(broker)
            loop = NetworkLoop(self._client, broker, self.wakeup)
            try:
                self._reach(loop)
            except SinetError as error:
                loop.abort()
                self._delegate.on_disconnected()
                errors.append(error)
                if self._stopping.is_set():
                    break
            else:
                return loop
        if len(errors) == 1:
            raise errors[0]
        kind = AuthorizationError if any(isinstance(error, AuthorizationError) for error in errors) else ConnectionError
        raise kind("no broker can be used: " + "; ".join(map(str, errors)))

    def _reach(self, loop: NetworkLoop) -> None:
        parameters = self._parameters
        self._is_ready, self._refused = False, None
        anew = self._resumption.before_connect(self._broker, first=not self._settled.is_set())
        loop.connect(parameters, clean=anew)
        until = time.monotonic() + parameters.connection_timeout
        while not self._is_ready:
            if self._refused is not None:
                raise self._refused
            left = until - time.monotonic()
            if self._stopping.is_set() or left <= 0 or not loop.alive:
                why = "closed meanwhile" if self._stopping.is_set() else "no answer in time" if left <= 0 else "hung up"
                raise ConnectionError(f"{self._facts['broker']}: {why}")
            self._backoff.report_when_due()
            loop.run_once(min(left, _LONGEST_WAIT_S), _never)
        if not loop.alive:
            raise self._end()

    def _serve(self, loop: NetworkLoop) -> None:
        self._facts["state"] = "connected"
        self._facts["connections"] += 1
        self._backoff.over(self._broker)
        self._settled.set()
        delegate, client = self._delegate, self._client
        try:
            while loop.alive and not self._stopping.is_set():
                delegate.send_pending(client)
                loop.run_once(_LONGEST_WAIT_S, delegate.has_pending)
            if self._stopping.is_set():
                self._leave(loop)
                return
            raise self._end()
        finally:
            self._facts["state"] = "lost"
            loop.abort()
            delegate.on_disconnected()

    def _leave(self, loop: NetworkLoop) -> None:
        session, begun = self._parameters.session, time.monotonic()
        until = begun + _LAST_WORDS_S
        while loop.alive and time.monotonic() < until and (self._delegate.has_pending() or loop.busy()):
            self._delegate.send_pending(self._client)
            loop.run_once(0.05, self._delegate.has_pending)
        forget = None
        if self._parameters.protocol == MQTTv5 and session.resumes and not session.kept:
            forget = properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0)
        parted = loop.disconnect(_LAST_WORDS_S, forget)
        if parted and not session.kept:
            self._resumption.end_session(self._broker, begun + _LEAVING_S - time.monotonic())

    def _end(self) -> SinetError:
        return self._refused or ConnectionError(f"{self._broker}: hung up")

    def _on_connect(self, client: Any, _userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = refusal(f"the connection of {self._parameters.client_id!r}", reason)
            return
        self._facts["session_resumed"] = flags.session_present
        asked_s = self._parameters.session.expiry_s
        self._facts["session_expiry_s"] = getattr(properties, "SessionExpiryInterval", asked_s)
        resumption, broker = self._resumption, self._broker
        there = resumption.is_there(session_present=flags.session_present)
        if there and resumption.begins_anew(broker, first=not self._settled.is_set()):
            # It was given up after we had sent CONNECT, or would not end.
            self._refused = ConnectionError(f"{broker}: the old session is still there")
            return
        self._delegate.on_connected(client, properties, resumed=resumption.resumed(broker, there=there))

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._refused is None and not self._stopping.is_set():
            self._refused = ConnectionError(f"{self._facts['broker']}: the connection was lost: {reason}")


def _never() -> bool:
    return False
