"""The connection of one reader or writer: one thread that drives paho's client, connects, and connects again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from paho.mqtt.client import MQTTv5
from sinetstream.errors import AuthorizationError, ConnectionError, SinetError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address
from sinetstream_plugins.mqtt.connection_delegate import ConnectionDelegate
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.network.network_loop import NetworkLoop
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.options.parameters import Parameters
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.paho.make_client import make_client
from sinetstream_plugins.mqtt.paho.undocumented import PacketTypes
from sinetstream_plugins.mqtt.session.client_id_conflict import ClientIdConflict
from sinetstream_plugins.mqtt.session.handshake import ConnectionFacts, Handshake
from sinetstream_plugins.mqtt.session.reconnect_backoff import ReconnectBackoff
from sinetstream_plugins.mqtt.session.session_resumption import SessionResumption
from sinetstream_plugins.mqtt.session.takeover import Takeover

__all__ = ["Connection"]

_FLUSHING_S = 1.0  # for what is pending, and as much again for DISCONNECT
_CLOSING_S = 2.0  # for all of it: flushing, DISCONNECT, and the end of the session
_LONGEST_WAIT_S = 0.5


class Connection:
    """From `open` to `close` there is one thread; it runs a `NetworkLoop` while a broker accepts the connection."""

    def __init__(self, parameters: Parameters, delegate: ConnectionDelegate) -> None:
        self._parameters = parameters
        self._delegate = delegate
        self._stopping = threading.Event()
        self._opened = threading.Event()  # or failed to
        self._failure: SinetError | None = None
        self._taken_over: SinetError | None = None
        self._backoff = ReconnectBackoff(parameters, self._stopping, delegate.on_lost)
        self._facts = ConnectionFacts(client_id=parameters.client_id.sent)
        self._conflict = ClientIdConflict(parameters.client_id)

    def open(self) -> None:
        """Connect to the first broker that accepts us; returns when the delegate is ready, and raises why not."""
        self._connector = Connector()
        self._resumption = SessionResumption(self._parameters, self._connector)
        self._client = make_client(self._parameters, on_released=self._delegate.on_pubrel, connector=self._connector)
        self._handshake = Handshake(self._parameters, self._resumption, self._delegate, self._facts)
        self._handshake.set_callbacks(self._client)
        self._delegate.set_callbacks(self._client)
        self._takeover = Takeover(self._parameters.client_id, self._delegate.description, self._end)
        self.wakeup = Wakeup()
        self._thread = threading.Thread(target=self._run, name="sinetstream-mqtt", daemon=True)
        self._facts.state = "connecting"
        self._thread.start()
        self._opened.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Send what the delegate has pending, disconnect and end the thread. From any thread, any number of times."""
        self._stopping.set()
        if hasattr(self, "_thread"):
            self._interrupt()
            if threading.current_thread() is not self._thread and not self.wakeup.is_running_inline():
                self._thread.join()

    def set_ready(self) -> None:
        """For the delegate: it has what it needs of the broker."""
        self._handshake.is_ready = True

    def refuse(self, error: SinetError) -> None:
        """For the delegate: the broker denied what it needs."""
        self._handshake.error = error

    def forget(self) -> None:
        """For the delegate: give up what was sent and not confirmed. The next connection begins a new session."""
        self._client.forget()
        self._resumption.forget()

    def info(self) -> Mapping[str, Any]:
        """What is known of the connection at this moment."""
        return asdict(self._facts)

    def _end(self, error: SinetError) -> None:
        """Close it, with an error for its user. From any thread; returns at once."""
        self._taken_over = error
        self._stopping.set()
        self._interrupt()

    def _interrupt(self) -> None:
        if self._facts.state != "connected":
            self._connector.interrupt()
        self.wakeup.wake()

    # -- all below runs on the thread

    def _run(self) -> None:
        try:
            self._stay_connected()
        except Exception as error:  # noqa: BLE001  whatever it is, open() or the delegate must hear of it
            self._failure = SinetError(f"the connection ended by a fault: {error!r}")
            self._failure.__cause__ = error
            if self._opened.is_set():
                self._delegate.on_lost(self._failure)
        finally:
            self._takeover.closed()
            self._facts.state = "closed"
            self._delegate.on_closed(self._taken_over)
            if not self._opened.is_set():
                self._failure = self._taken_over or self._failure
            self._opened.set()
            self.wakeup.close()

    def _stay_connected(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve(*self._connect_to_any())
            except SinetError as error:
                if not self._opened.is_set():
                    self._failure = error
                    return
                self._takeover.wait_for_rival(Deadline(self._parameters.connection_timeout, self._stopping))
                if self._stopping.is_set():
                    return
                self._backoff.pause(error)

    def _connect_to_any(self) -> tuple[NetworkLoop, Address]:
        errors = []
        for broker in self._parameters.brokers:
            self._backoff.report_when_due()
            self._facts.broker = str(broker)
            loop = NetworkLoop(self._client, broker, self.wakeup)
            try:
                self._connect(loop, broker)
            except SinetError as error:
                loop.abort()
                self._takeover.failed()
                self._delegate.on_disconnected()
                errors.append(error)
                if self._stopping.is_set():
                    break
            else:
                return loop, broker
        if len(errors) == 1:
            raise errors[0]
        kind = AuthorizationError if any(isinstance(error, AuthorizationError) for error in errors) else ConnectionError
        raise kind("no broker can be used: " + "; ".join(map(str, errors)))

    def _connect(self, loop: NetworkLoop, broker: Address) -> None:
        handshake = self._handshake
        self._takeover.before_connect(broker)
        loop.connect(self._parameters, clean=handshake.begin(broker))
        deadline = Deadline(self._parameters.connection_timeout, self._stopping, slice_s=_LONGEST_WAIT_S)
        while not handshake.is_ready:
            if handshake.error is not None:
                raise handshake.error
            if deadline.is_over or not loop.is_alive:
                why = "closed meanwhile" if deadline.is_stopped else "no answer in time" if loop.is_alive else "hung up"
                raise ConnectionError(f"{broker}: {why}", broker=str(broker))
            self._backoff.report_when_due()
            loop.run_once(deadline.slice_s)
        if not loop.is_alive:
            raise handshake.loss()

    def _serve(self, loop: NetworkLoop, broker: Address) -> None:
        self._facts.state = "connected"
        self._facts.connections += 1
        self._takeover.accepted(broker)
        self._conflict.accepted()
        self._backoff.end(broker)
        self._opened.set()
        delegate, client = self._delegate, self._client
        try:
            while loop.is_alive and not self._stopping.is_set():
                delegate.send_pending(client)
                loop.run_once(_LONGEST_WAIT_S, delegate.has_pending)
            if not self._stopping.is_set():
                raise self._loss(loop)
            if self._taken_over is None:
                self._disconnect(loop, broker)
        finally:
            self._facts.state = "lost"
            loop.abort()
            delegate.on_disconnected()

    def _loss(self, loop: NetworkLoop) -> SinetError:
        error, is_new = self._conflict.lost(self._handshake.loss(), by_broker=loop.was_ended_by_broker)
        if is_new:
            self._delegate.on_conflict(error)
        return error

    def _disconnect(self, loop: NetworkLoop, broker: Address) -> None:
        session, deadline = self._parameters.session, Deadline(_CLOSING_S)
        flushing = deadline.within(_FLUSHING_S)
        while loop.is_alive and not flushing.is_over and (self._delegate.has_pending() or loop.has_unsent()):
            self._delegate.send_pending(self._client)
            loop.run_once(0.05, self._delegate.has_pending)
        end_session = None
        if self._parameters.protocol == MQTTv5 and session.resumes and not session.kept:
            end_session = properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0)
        answered = loop.disconnect(_FLUSHING_S, end_session)
        if answered and not session.kept:
            self._resumption.end_session(broker, deadline.left_s)
