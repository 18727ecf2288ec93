"""Eclipse Mosquitto: ready when it accepts a client."""

import socket
from typing import ClassVar

from tools.brokers.broker import Broker

__all__ = ["MosquittoBroker"]

_TIMEOUT = 5.0
_NAME = b"tools-brokers"
_CONNECT = b"\x10" + bytes((12 + len(_NAME),)) + b"\0\4MQTT\4\2\0\x0a" + bytes((0, len(_NAME))) + _NAME
_ACCEPTED = b"\x20\2\0\0"
_DISCONNECT = b"\xe0\0"


class MosquittoBroker(Broker):
    kind: ClassVar[str] = "mqtt"

    def _probe(self) -> bool:
        with socket.create_connection((self.host(), self.port()), _TIMEOUT) as connection:
            connection.sendall(_CONNECT)
            with connection.makefile("rb") as stream:
                accepted = stream.read(len(_ACCEPTED)) == _ACCEPTED
            connection.sendall(_DISCONNECT)
        return accepted
