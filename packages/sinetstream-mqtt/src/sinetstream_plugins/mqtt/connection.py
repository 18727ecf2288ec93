"""The connection of one reader or writer: one thread that owns paho, connects, and connects again."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol

from paho.mqtt.client import MQTTv5, MQTTv31
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sinetstream.errors import AuthorizationError, ConnectionError, SinetError
from sinetstream_plugins.mqtt.brokers import Broker
from sinetstream_plugins.mqtt.client import make_client
from sinetstream_plugins.mqtt.dial import Dial
from sinetstream_plugins.mqtt.discard import discard
from sinetstream_plugins.mqtt.line import Line
from sinetstream_plugins.mqtt.paho_private import PahoClient
from sinetstream_plugins.mqtt.parameters import Parameters
from sinetstream_plugins.mqtt.properties import properties
from sinetstream_plugins.mqtt.reasons import refusal
from sinetstream_plugins.mqtt.waker import Waker

__all__ = ["Connection", "User"]

_LAST_WORDS_S = 1.0
_LEAVING_S = 2.0  # all of it: last words, DISCONNECT, and the end of the session
_LONGEST_WAIT_S = 0.5

log = logging.getLogger("sinetstream")


class User(Protocol):
    """A reader or writer. All of it runs on the connection's thread, which alone, or who stands in for it, touches paho."""

    def prepare(self, client: PahoClient) -> None:
        """Set the callbacks."""

    def connected(self, client: PahoClient, properties: Properties | None, *, resumed: bool) -> None:
        """The broker accepted the client; `Connection.ready` or `Connection.refused` is called now or later.

        `resumed`: it goes on with the session of the connection before. MQTT 3.1 does not tell: there, it is taken for granted.
        """

    def work(self, client: PahoClient) -> None:
        """Hand paho what it is to send."""

    def has_work(self) -> object:
        """Whether `work` would do something."""

    def disconnected(self) -> None:
        """The line is gone; also after an attempt that failed."""

    def released(self, mid: int) -> None:
        """The broker has seen our PUBREC."""

    def lost(self, error: SinetError) -> None:
        """The connection has been lost for longer than the limit; once per loss."""

    def ended(self) -> None:
        """The last call."""


class Connection:
    """From `open` to `close` there is one thread, and a line whenever a broker lets us have one."""

    def __init__(self, parameters: Parameters, user: User) -> None:
        self._parameters = parameters
        self._user = user
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._failure: SinetError | None = None
        self._is_ready = False
        self._refused: SinetError | None = None
        self._lost: SinetError | None = None  # why there is no connection, and since when
        self._lost_at = 0.0
        self._reported = False
        self._session_at: Broker | None = None  # who has the session that what we remember belongs to
        self._ended = False  # whether we have ended it ourselves before we connected
        self._facts: dict[str, Any] = {
            "state": "closed",
            "broker": None,
            "connections": 0,
            "session_resumed": False,
            "session_expiry_s": None,
        }

    def open(self) -> None:
        """Connect to the first broker that accepts us; returns when the user is ready, and raises why not."""
        self._dial = Dial()
        self._client = make_client(self._parameters, on_released=self._user.released, dial=self._dial)
        self.waker = Waker()
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._user.prepare(self._client)
        self._thread = threading.Thread(target=self._run, name="sinetstream-mqtt", daemon=True)
        self._facts["state"] = "connecting"
        self._thread.start()
        self._settled.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Send what the user has handed over, take leave and end the thread. From any thread, any number of times."""
        self._stopping.set()
        if hasattr(self, "_thread"):
            if self._facts["state"] != "connected":
                self._dial.interrupt()
            self.waker.wake()
            if threading.current_thread() is not self._thread and not self.waker.stands_in():
                self._thread.join()

    def ready(self) -> None:
        """For the user: what it needs is there."""
        self._is_ready = True

    def refused(self, error: SinetError) -> None:
        """For the user: the broker denied what it needs."""
        self._refused = error

    def forget(self) -> None:
        """For the user: what is under way is given up. The next connection begins a new session, as the broker remembers."""
        self._client.forget()
        self._session_at = None

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
                self._user.lost(self._failure)
        finally:
            self._facts["state"] = "closed"
            self._user.ended()
            self._settled.set()
            self.waker.close()

    def _live(self) -> None:
        delay = self._parameters.reconnect_min
        while not self._stopping.is_set():
            try:
                line = self._reach_any()
                delay = self._parameters.reconnect_min
                self._serve(line)
            except SinetError as error:
                if not self._settled.is_set():
                    self._failure = error
                    return
                if self._stopping.is_set():
                    return
                self._pause(delay * random.uniform(0.5, 1), error)
                delay = min(2 * delay, self._parameters.reconnect_max)

    def _reach_any(self) -> Line:
        errors = []
        for broker in self._parameters.brokers:
            self._report_when_due()
            self._broker = broker
            self._facts["broker"] = str(broker)
            line = Line(self._client, broker, self.waker)
            try:
                self._reach(line)
            except SinetError as error:
                line.end()
                self._user.disconnected()
                errors.append(error)
                if self._stopping.is_set():
                    break
            else:
                return line
        if len(errors) == 1:
            raise errors[0]
        kind = AuthorizationError if any(isinstance(error, AuthorizationError) for error in errors) else ConnectionError
        raise kind("no broker can be used: " + "; ".join(map(str, errors)))

    def _reach(self, line: Line) -> None:
        parameters = self._parameters
        self._is_ready, self._refused = False, None
        anew = self._begins_anew()
        self._ended = anew and self._needs_discarding() and self._discard(parameters.connection_timeout)
        line.connect(parameters, clean=anew)
        until = time.monotonic() + parameters.connection_timeout
        while not self._is_ready:
            if self._refused is not None:
                raise self._refused
            left = until - time.monotonic()
            if self._stopping.is_set() or left <= 0 or not line.alive:
                why = "closed meanwhile" if self._stopping.is_set() else "no answer in time" if left <= 0 else "hung up"
                raise ConnectionError(f"{self._facts['broker']}: {why}")
            self._report_when_due()
            line.turn(min(left, _LONGEST_WAIT_S), _never)
        if not line.alive:
            raise self._end()

    def _serve(self, line: Line) -> None:
        self._facts["state"] = "connected"
        self._facts["connections"] += 1
        if self._reported:
            log.warning("%s: connected again", self._facts["broker"])
        self._lost, self._reported = None, False
        self._settled.set()
        user, client = self._user, self._client
        try:
            while line.alive and not self._stopping.is_set():
                user.work(client)
                line.turn(_LONGEST_WAIT_S, user.has_work)
            if self._stopping.is_set():
                self._leave(line)
                return
            raise self._end()
        finally:
            self._facts["state"] = "lost"
            line.end()
            user.disconnected()

    def _leave(self, line: Line) -> None:
        session, begun = self._parameters.session, time.monotonic()
        until = begun + _LAST_WORDS_S
        while line.alive and time.monotonic() < until and (self._user.has_work() or line.busy()):
            self._user.work(self._client)
            line.turn(0.05, self._user.has_work)
        forget = None
        if self._parameters.protocol == MQTTv5 and session.resumes and not session.kept:
            forget = properties(PacketTypes.DISCONNECT, SessionExpiryInterval=0)
        parted = line.leave(_LAST_WORDS_S, forget)
        if parted and self._needs_discarding() and not session.kept:
            self._discard(begun + _LEAVING_S - time.monotonic())

    def _end(self) -> SinetError:
        return self._refused or ConnectionError(f"{self._broker}: hung up")

    def _needs_discarding(self) -> bool:
        return self._parameters.protocol != MQTTv5 and self._parameters.session.resumes

    def _discard(self, seconds: float) -> bool:
        return discard(self._parameters, self._broker, self._dial, seconds)

    def _begins_anew(self) -> bool:
        session = self._parameters.session
        if not session.resumes:
            return True
        if not self._settled.is_set():
            return session.clean
        return session.in_memory and self._session_at != self._broker

    def _pause(self, seconds: float, error: SinetError) -> None:
        now = time.monotonic()
        if self._lost is None:
            self._lost_at = now
            log.warning("%s; connecting again", error)
        self._lost = error
        until, limit = now + seconds, self._lost_at + self._parameters.lost_limit
        while not self._stopping.is_set() and (left := until - time.monotonic()) > 0:
            self._report_when_due()
            self._stopping.wait(left if self._reported else max(0.001, min(left, limit - time.monotonic())))

    def _report_when_due(self) -> None:
        limit = self._parameters.lost_limit
        if self._lost is not None and not self._reported and time.monotonic() >= self._lost_at + limit:
            self._reported = True
            words = f"no connection for {limit:g} s, still trying; the last attempt: {self._lost}"
            self._user.lost(type(self._lost)(words))

    def _on_connect(self, client: Any, _userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = refusal(f"the connection of {self._parameters.client_id!r}", reason)
            return
        there = self._facts["session_resumed"] = flags.session_present
        asked_s = self._parameters.session.expiry_s
        self._facts["session_expiry_s"] = getattr(properties, "SessionExpiryInterval", asked_s)
        if self._parameters.protocol == MQTTv31:  # its CONNACK does not tell
            there = self._parameters.session.resumes and not self._ended
        if there and self._begins_anew():  # it was given up after we had sent CONNECT, or would not end
            self._refused = ConnectionError(f"{self._broker}: the old session is still there")
            return
        resumed = there and self._session_at == self._broker
        self._session_at = self._broker
        self._user.connected(client, properties, resumed=resumed)

    def _on_disconnect(self, _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self._refused is None and not self._stopping.is_set():
            self._refused = ConnectionError(f"{self._facts['broker']}: the connection was lost: {reason}")


def _never() -> bool:
    return False
