"""Why the cluster cannot be reached, found step by step: name, TCP, TLS, API versions, SASL."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sinetstream.errors import ConnectionError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address

from sinetstream_plugins.kafka.kafka_python.option_values import get_sasl_mechanism
from sinetstream_plugins.kafka.probe import proxy
from sinetstream_plugins.kafka.probe.connecting import STEP_S, open_socket, resolve, tls_reason, wrap_tls
from sinetstream_plugins.kafka.probe.permanent import PermanentConnectionError
from sinetstream_plugins.kafka.probe.protocol import NotKafkaError, Wire

__all__ = ["reach"]

_PAUSE_S = 0.2
_TOO_OLD = "the broker is older than Apache Kafka 0.11"
_INIT_PRODUCER_ID = 22
_ASKED_SEPARATELY = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


def reach(brokers: Sequence[Address], client: Mapping[str, Any], stop: threading.Event | None = None) -> None:
    """Returns as soon as one of the brokers answers us as a Kafka broker does.

    Tries for `bootstrap_timeout_ms`, or until each has failed for a reason that waiting cannot mend; then raises
    `ConnectionError` with the reasons. Soon after `stop` is set it raises the reasons that there are by then.
    """
    probe = _probe if proxy.proxy_option(client) is None else proxy.probe
    deadline = Deadline.in_ms(client["bootstrap_timeout_ms"], stop)
    while True:
        reasons: list[ConnectionError] = []
        for address in brokers:
            try:
                probe(address, client, deadline)
            except ConnectionError as reason:
                reasons.append(reason)
            else:
                return
        are_permanent = all(isinstance(reason, PermanentConnectionError) for reason in reasons)
        if are_permanent or deadline.left_s < _PAUSE_S or not deadline.pause(_PAUSE_S):
            broker = str(brokers[0]) if len(brokers) == 1 else None
            raise ConnectionError("; ".join(map(str, reasons)), broker=broker) from reasons[0].__cause__


class _DeadlineSocket:
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)

    def recv(self, size: int) -> bytes:
        return self._deadline.within(STEP_S).retry(lambda: self._sock.recv(size))


def _probe(address: Address, client: Mapping[str, Any], deadline: Deadline) -> None:
    host, port = address
    at = str(address)
    found = resolve(host, port, at, deadline)
    with open_socket(found, at, deadline) as plain, wrap_tls(plain, host, at, client, deadline) as sock:
        wire = Wire(_DeadlineSocket(sock, deadline), client["client_id"])
        try:
            versions = wire.api_versions()
            if _INIT_PRODUCER_ID not in versions:
                raise PermanentConnectionError(f"{at}: version: {_TOO_OLD}")
            if client["security_protocol"].startswith("SASL"):
                _authenticate(wire, host, at, client)
            wire.metadata()
        except ConnectionError:  # ours; it is an OSError too
            raise
        except ssl.SSLError as error:
            raise PermanentConnectionError(f"{at}: TLS: {tls_reason(error)}") from error
        except NotKafkaError as error:
            raise PermanentConnectionError(f"{at}: {error}") from error
        except TimeoutError as error:
            raise ConnectionError(f"{at}: accepted the connection but does not answer") from error
        except (OSError, EOFError) as error:
            raise ConnectionError(f"{at}: hung up; {_listener(client['security_protocol'])}") from error


def _authenticate(wire: Wire, host: str, at: str, client: Mapping[str, Any]) -> None:
    name = client["sasl_mechanism"]
    offered = wire.sasl_handshake(name)
    if name not in offered:
        raise PermanentConnectionError(
            f"{at}: authentication: the broker offers {', '.join(offered) or 'nothing'}, not {name}"
        )
    if name not in _ASKED_SEPARATELY:
        return
    mechanism = get_sasl_mechanism(name)(host=host, **client)
    while not mechanism.is_done():
        try:
            token = mechanism.auth_bytes()
        except ConnectionError as error:  # ours, of a token provider
            raise PermanentConnectionError(f"{at}: {error}") from error.__cause__
        refused, answer = wire.sasl_authenticate(token)
        if refused:
            raise PermanentConnectionError(f"{at}: authentication: {refused}")
        try:
            mechanism.receive(answer)
        except ValueError as error:
            raise PermanentConnectionError(f"{at}: authentication: {error}") from error


def _listener(protocol: str) -> str:
    return f"is this a listener for security_protocol {protocol}?"
