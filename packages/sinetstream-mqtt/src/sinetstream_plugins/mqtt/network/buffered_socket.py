"""A socket that takes many small packets at a time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any

from sinetstream.spi import Deadline
from sinetstream_plugins.mqtt.network.packet_reader import NOT_NOW, PacketReader

__all__ = ["BufferedSocket"]

_CHUNK = 1 << 14  # so much is sent together


class BufferedSocket:
    """A socket for paho, which reads single bytes and sends each packet by itself.

    Small packets are sent by `flush`, or together with a large one. Used by one thread at a time.
    """

    def __init__(self, inner: Any, tcp: socket.socket) -> None:
        self._inner = inner  # the TCP or TLS socket, or paho's WebSocket around it
        self._gathers = inner is tcp and not isinstance(tcp, ssl.SSLSocket) and hasattr(tcp, "sendmsg")
        self._tcp = tcp
        self.reader = PacketReader(inner, tcp)
        self.recv, self.pending = self.reader.recv, self.reader.pending
        self._unsent = bytearray()
        self.moved_at = 0.0  # when the last part went out of a packet that takes several
        self.linger_s = 0.0  # so long `close` waits for the broker to have read everything
        self.was_closed_by_peer = False  # within that time

    def put(self, packet: bytes) -> bool:
        """Take a small packet, all of it or nothing."""
        if len(packet) + len(self._unsent) > _CHUNK and (len(packet) > _CHUNK or not self.flush()):
            return False
        self._unsent += packet
        return True

    def send(self, data: bytes | memoryview) -> int:
        if len(data) + len(self._unsent) <= _CHUNK:
            self._unsent += data
            return len(data)
        if self._gathers and self._unsent:
            sent = self._tcp.sendmsg((self._unsent, data)) - len(self._unsent)  # a segment of its own wakes the broker
            del self._unsent[: len(self._unsent) + min(sent, 0)]
        else:
            if not self.flush():
                raise BlockingIOError
            sent = int(self._inner.send(data))
        if sent < len(data):
            self.moved_at = time.monotonic()
        if sent <= 0:  # paho's WebSocket has kept the rest of a frame
            raise BlockingIOError
        return sent

    @property
    def unsent(self) -> int:
        return len(self._unsent)

    def flush(self) -> bool:
        """Send what can be sent now, and tell whether that was all. A broken connection is for `recv` to find."""
        try:
            while self._unsent:
                sent = self._inner.send(self._unsent)
                if not sent:  # paho's WebSocket has kept the rest of a frame
                    return False
                del self._unsent[:sent]
        except NOT_NOW:
            return False
        except OSError:
            self._unsent.clear()
        return True

    def fileno(self) -> int:
        return int(self._inner.fileno())

    def setblocking(self, flag: bool) -> None:
        self._inner.setblocking(flag)

    def close(self) -> None:
        try:
            with contextlib.suppress(OSError):
                if self.linger_s:
                    self._tcp.settimeout(self.linger_s)
                    self.flush()
                self._end_tls()
                if self.linger_s:
                    self._wait_for_peer()
        finally:
            self._inner.close()

    def _end_tls(self) -> None:
        """Send TLS's own end. Without it, Mosquitto may take the end of this connection for a fault of another client."""
        if isinstance(self._tcp, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._tcp.settimeout(0)
                self._tcp.unwrap()  # the broker's answer is not waited for

    def _wait_for_peer(self) -> None:
        """Without this, unread input makes the system reset the connection, and the broker loses our last packets."""
        deadline = Deadline(self.linger_s)
        self._tcp.shutdown(socket.SHUT_WR)
        while not deadline.is_over:
            self._tcp.settimeout(max(0.001, deadline.left_s))
            if not self._tcp.recv(_CHUNK):
                self.was_closed_by_peer = True
                return
