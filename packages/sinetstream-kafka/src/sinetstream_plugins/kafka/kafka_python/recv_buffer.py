"""Connections that receive 256 kB at a time.

kafka-python receives 4 kB at a time, which takes two fifths of the time of a large message. And it drops what it received
right before the connection ended, such as the reason for which the broker ended it. Attempts that fail close their sockets at once.
"""

from __future__ import annotations

import ssl
import traceback
from collections.abc import Callable
from typing import Any

from kafka.errors import KafkaConnectionError
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import create_connection
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

__all__ = ["make_net_client", "receive"]

_CHUNK = 1 << 18

Received = tuple[bytes, Exception | None]


def make_net_client(**config: Any) -> KafkaNetClient:
    net = NetworkSelector(**config)
    return KafkaNetClient(net=net, manager=_Manager(net, **config))


class _Manager(KafkaConnectionManager):  # type: ignore[misc]  # kafka-python has no type information
    async def _build_transport(self, node: Any, timeout_at: float | None = None) -> Any:
        try:
            return await self._connect_and_shake_hands(node, timeout_at)
        except Exception as error:
            _release_sockets(error)
            raise

    async def _connect_and_shake_hands(self, node: Any, timeout_at: float | None) -> Any:
        options, proxy = self.config["socket_options"], self.config["proxy_url"]
        sock = await create_connection(self._net, node.host, node.port, options, proxy_url=proxy, timeout_at=timeout_at)
        if self.ssl_enabled:
            settings = {name: value for name, value in self.config.items() if name.startswith("ssl_")}
            transport = _SSLTransport(self._net, sock, host=node.host, **settings)
        else:
            transport = _TCPTransport(self._net, sock, host=node.host)
        try:
            await transport.handshake()
        except Exception as error:
            raise KafkaConnectionError(f"Handshake failed: {error}") from error
        return transport


class _TCPTransport(KafkaTCPTransport):  # type: ignore[misc]
    def _sock_recv(self) -> Received:
        return receive(self._sock, super()._sock_recv)


class _SSLTransport(KafkaSSLTransport):  # type: ignore[misc]
    def _sock_recv(self) -> Received:
        return receive(self._sock, super()._sock_recv)


def _release_sockets(error: BaseException | None) -> None:
    """Let go of what the frames of a failed attempt hold: kafka-python leaves its sockets to the garbage collector."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def receive(sock: Any, receive_own: Callable[[], Received]) -> Received:
    """All that is there. Where nothing is, `receive_own`, kafka-python's, finds out why."""
    chunks: list[bytes] = []
    read_all = isinstance(sock, ssl.SSLSocket)  # no selector tells of what TLS has decrypted already
    while not chunks or read_all or len(chunks[-1]) == _CHUNK:
        try:
            chunk = sock.recv(_CHUNK)
        except Exception:  # noqa: BLE001  nothing more at the moment, or a fault that `receive_own` meets again
            chunk = b""
        if not chunk:
            break
        chunks.append(chunk)
    if not chunks:
        return receive_own()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks), None
