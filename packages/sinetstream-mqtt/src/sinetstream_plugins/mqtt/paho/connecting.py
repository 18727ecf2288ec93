"""paho's client with a socket of our own."""

from __future__ import annotations

import socket
from typing import Any

from paho.mqtt.client import Client, _WebsocketWrapper
from paho.mqtt.enums import MQTTErrorCode
from sinetstream.spi import Deadline
from sinetstream_plugins.mqtt.network.buffered_socket import BufferedSocket
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import Parameters

__all__ = ["ConnectingClient"]


class ConnectingClient(Client):
    """Connects in time, or until its `Connector` is interrupted; TLS and WebSockets included."""

    _parameters: Parameters
    _connector: Connector
    buffered_socket: BufferedSocket | None

    def loop_misc(self) -> MQTTErrorCode:
        """As paho's, but a part of a large packet counts as a sign of life: PINGRESP has to wait behind it."""
        if self.buffered_socket is not None:
            sent_at, received_at = self.buffered_socket.moved_at, self.buffered_socket.reader.received_at
            self._last_msg_out = max(self._last_msg_out, sent_at)
            if max(sent_at, received_at) > self._ping_t:
                self._ping_t = 0.0
        return super().loop_misc()

    def _create_socket(self) -> Any:
        deadline = Deadline(self._parameters.connection_timeout)
        try:
            sock = self._connect_tcp(deadline)
            if self._parameters.tls is not None:
                sock = self._parameters.tls.context().wrap_socket(
                    sock, server_hostname=self.host, do_handshake_on_connect=False
                )
                self._connector.watch(sock, deadline)
                sock.do_handshake()
            self._connector.watch(sock, deadline)
            inner: Any = sock
            if self._parameters.transport == "websockets":
                inner = _WebsocketWrapper(
                    socket=sock,
                    host=f"[{self.host}]" if ":" in self.host else self.host,
                    port=self.port,
                    is_ssl=self._parameters.tls is not None,
                    path=self._parameters.ws_path,
                    extra_headers=dict(self._parameters.ws_headers),
                )
            self.buffered_socket = BufferedSocket(inner, sock)
        except BaseException:
            self._connector.unwatch(close=True)
            raise
        self._connector.unwatch(close=False)
        return self.buffered_socket

    def _connect_tcp(self, deadline: Deadline) -> socket.socket:
        if not self._get_proxy():
            return self._connector.connect_tcp(self.host, self.port, deadline)
        self.connect_timeout = self._parameters.connection_timeout
        sock = super()._create_socket_connection()
        self._connector.watch(sock, deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
