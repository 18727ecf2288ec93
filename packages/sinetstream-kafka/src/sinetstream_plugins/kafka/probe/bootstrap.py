"""Why the cluster cannot be reached, found step by step: name, TCP, TLS, API versions, SASL."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from sinetstream.errors import ConnectionError
from sinetstream.spi import Deadline
from sinetstream.spi.addresses import Address

from sinetstream_plugins.kafka.kafka_python.option_values import get_sasl_mechanism
from sinetstream_plugins.kafka.probe import proxy
from sinetstream_plugins.kafka.probe.permanent import PermanentConnectionError
from sinetstream_plugins.kafka.probe.protocol import NotKafkaError, Wire

__all__ = ["reach"]

_STEP_S = 5.0
_SLICE_S = 0.2
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
        return self._deadline.within(_STEP_S).retry(lambda: self._sock.recv(size))


def _probe(address: Address, client: Mapping[str, Any], deadline: Deadline) -> None:
    host, port = address
    at = str(address)
    found = _resolve(host, port, at, deadline)
    with _open_socket(found, at, deadline) as plain, _wrap_tls(plain, host, at, client, deadline) as sock:
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
            raise PermanentConnectionError(f"{at}: TLS: {_reason(error)}") from error
        except NotKafkaError as error:
            raise PermanentConnectionError(f"{at}: {error}") from error
        except TimeoutError as error:
            raise ConnectionError(f"{at}: accepted the connection but does not answer") from error
        except (OSError, EOFError) as error:
            raise ConnectionError(f"{at}: hung up; {_listener(client['security_protocol'])}") from error


def _resolve(host: str, port: int, at: str, deadline: Deadline) -> Sequence[Any]:
    answer: Future[Sequence[Any]] = Future()

    def resolve() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  it is the answer
            answer.set_exception(error)

    # Nothing ends a getaddrinfo that waits for a name server: it is left behind.
    thread = threading.Thread(target=resolve, name="sinetstream-kafka-resolver", daemon=True)
    thread.start()
    try:
        return deadline.within(_STEP_S).retry(lambda: answer.result(_SLICE_S))
    except TimeoutError as error:
        raise ConnectionError(f"{at}: the name cannot be resolved: no answer from the name server") from error
    except socket.gaierror as error:
        kind = ConnectionError if error.errno == socket.EAI_AGAIN else PermanentConnectionError
        raise kind(f"{at}: the name cannot be resolved: {error.strerror}") from error
    except UnicodeError as error:
        raise PermanentConnectionError(f"{at}: the name cannot be resolved: {error}") from error
    finally:
        if answer.done():
            thread.join()


def _open_socket(found: Sequence[Any], at: str, deadline: Deadline) -> socket.socket:
    error: OSError | None = None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            _connect(sock, address, deadline)
        except OSError as failed:
            sock.close()
            error = failed
        else:
            return sock
    if isinstance(error, ConnectionRefusedError):
        raise ConnectionError(f"{at}: refused: nothing listens there") from error
    if isinstance(error, TimeoutError):
        raise ConnectionError(f"{at}: no answer to the attempt to connect") from error
    raise ConnectionError(f"{at}: cannot connect: {error}") from error


def _connect(sock: socket.socket, address: Any, deadline: Deadline) -> None:
    def under_way() -> None:
        if not selector.select(_SLICE_S):
            raise TimeoutError

    sock.setblocking(False)
    error = sock.connect_ex(address)
    if error in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            deadline.within(_STEP_S).retry(under_way)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
    sock.settimeout(_SLICE_S)


def _wrap_tls(sock: socket.socket, host: str, at: str, client: Mapping[str, Any], deadline: Deadline) -> socket.socket:
    if not client["security_protocol"].endswith("SSL"):
        return sock
    context: ssl.SSLContext = client["ssl_context"]
    try:
        secured = context.wrap_socket(sock, server_hostname=host.rstrip("."), do_handshake_on_connect=False)
        try:
            deadline.within(_STEP_S).retry(secured.do_handshake)
        except BaseException:
            secured.close()
            raise
    except ssl.SSLCertVerificationError as error:
        raise PermanentConnectionError(f"{at}: TLS: certificate not accepted: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise PermanentConnectionError(f"{at}: TLS: {_reason(error)}; is this a listener with TLS?") from error
    except TimeoutError as error:
        raise ConnectionError(f"{at}: TLS: no answer; is this a listener with TLS?") from error
    except OSError as error:
        raise ConnectionError(f"{at}: TLS: hung up; is this a listener with TLS?") from error
    return secured


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


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")


def _listener(protocol: str) -> str:
    return f"is this a listener for security_protocol {protocol}?"
