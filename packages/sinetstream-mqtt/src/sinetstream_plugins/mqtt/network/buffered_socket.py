"""A socket that takes many small packets at a time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any

from sinetstream_plugins.mqtt.network.packet_reader import NOT_NOW, PacketReader

__all__ = ["BufferedSocket"]

_CHUNK = 1 << 14  # so much is sent together


class BufferedSocket:
    """Looks like a socket to paho, which asks for one byte here and two there and sends each packet by itself.

    Nothing goes out before `flush`, but for packets that are large. Used by one thread at a time.
    """

    def __init__(self, inner: Any, tcp: socket.socket) -> None:
        self._inner = inner  # the TCP or TLS socket, or paho's WebSocket around it
        self._gathers = inner is tcp and not isinstance(tcp, ssl.SSLSocket) and hasattr(tcp, "sendmsg")
        self._tcp = tcp
        self.reader = PacketReader(inner, tcp)
        self.recv, self.pending = self.reader.recv, self.reader.pending
        self._unsent = bytearray()
        self.moved_at = 0.0  # when the last part went out of a packet that takes several
        self.farewell_s = 0.0  # for so long `close` lets the broker read to the end
        self.parted = False  # whether it has

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
        until = time.monotonic() + self.farewell_s
        try:
            with contextlib.suppress(OSError):
                if self.farewell_s:
                    self._tcp.settimeout(self.farewell_s)
                    self.flush()
                self._end_tls()
                if self.farewell_s:
                    self._part(until)
        finally:
            self._inner.close()

    def _end_tls(self) -> None:
        """Else Mosquitto, which shares one thread with all its clients, may take our hanging up for another's fault."""
        if isinstance(self._tcp, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._tcp.settimeout(0)
                self._tcp.unwrap()  # the broker's answer is not waited for

    def _part(self, until: float) -> None:
        """Without this, unread input makes the system reset the connection, and the broker loses our last packets."""
        self._tcp.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            self._tcp.settimeout(left)
            if not self._tcp.recv(_CHUNK):
                self.parted = True
                return
