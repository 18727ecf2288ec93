"""The steps towards a broker before anything of Kafka's is said: name, TCP, TLS; each names what went wrong."""

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

from sinetstream_plugins.kafka.probe.permanent import PermanentConnectionError

__all__ = ["SLICE_S", "STEP_S", "open_socket", "resolve", "tls_reason", "wrap_tls"]

STEP_S = 5.0
"""How long one step may take."""

SLICE_S = 0.2
"""How long one attempt at it may take, between which it can be stopped."""


def resolve(host: str, port: int, at: str, deadline: Deadline) -> Sequence[Any]:
    answer: Future[Sequence[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001  it is the answer
            answer.set_exception(error)

    # Nothing ends a getaddrinfo that waits for a name server: it is left behind.
    thread = threading.Thread(target=look_up, name="sinetstream-kafka-resolver", daemon=True)
    thread.start()
    try:
        return deadline.within(STEP_S).retry(lambda: answer.result(SLICE_S))
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


def open_socket(found: Sequence[Any], at: str, deadline: Deadline) -> socket.socket:
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
        if not selector.select(SLICE_S):
            raise TimeoutError

    sock.setblocking(False)
    error = sock.connect_ex(address)
    if error in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            deadline.within(STEP_S).retry(under_way)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
    sock.settimeout(SLICE_S)


def wrap_tls(sock: socket.socket, host: str, at: str, client: Mapping[str, Any], deadline: Deadline) -> socket.socket:
    if not client["security_protocol"].endswith("SSL"):
        return sock
    context: ssl.SSLContext = client["ssl_context"]
    try:
        secured = context.wrap_socket(sock, server_hostname=host.rstrip("."), do_handshake_on_connect=False)
        try:
            deadline.within(STEP_S).retry(secured.do_handshake)
        except BaseException:
            secured.close()
            raise
    except ssl.SSLCertVerificationError as error:
        raise PermanentConnectionError(f"{at}: TLS: certificate not accepted: {error.verify_message}") from error
    except ssl.SSLError as error:
        raise PermanentConnectionError(f"{at}: TLS: {tls_reason(error)}; is this a listener with TLS?") from error
    except TimeoutError as error:
        raise ConnectionError(f"{at}: TLS: no answer; is this a listener with TLS?") from error
    except OSError as error:
        raise ConnectionError(f"{at}: TLS: hung up; is this a listener with TLS?") from error
    return secured


def tls_reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")
