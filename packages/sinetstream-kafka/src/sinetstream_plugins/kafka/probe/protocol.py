"""The four requests of Kafka's protocol that a diagnosis needs, on a connected socket."""

from __future__ import annotations

from struct import Struct
from typing import Protocol

__all__ = ["Line", "NotKafkaError", "Wire"]

_HEADER = Struct(">hhih")
_INT16 = Struct(">h")
_INT32 = Struct(">i")
_API = Struct(">hhh")
_LARGEST = 1_000_000
_UNSUPPORTED_SASL_MECHANISM = 33


class NotKafkaError(Exception):
    """What answers is no Kafka broker."""


class Line(Protocol):
    """What a `Wire` needs of a socket."""

    def sendall(self, data: bytes) -> None: ...

    def recv(self, size: int, /) -> bytes: ...


class Wire:
    """Asks one question at a time. Raises `OSError` or `EOFError` when the connection ends, `NotKafkaError`."""

    def __init__(self, sock: Line, client_id: str) -> None:
        self._sock = sock
        self._client_id = client_id.encode()[:32_767]
        self._asked = 0

    def api_versions(self) -> set[int]:
        """The numbers of the requests that the broker knows."""
        answer = self._ask(18, 0, b"")
        try:
            if answer.int16():
                raise NotKafkaError("refuses to say which versions it speaks")
            return {_API.unpack(answer.take(_API.size))[0] for _ in range(answer.int32())}
        except IndexError:
            raise NotKafkaError("does not speak Kafka's protocol") from None

    def metadata(self) -> None:
        """Any answer will do: a broker that wants authentication hangs up."""
        self._ask(3, 1, _INT32.pack(0))

    def sasl_handshake(self, mechanism: str) -> list[str]:
        """The mechanisms that the broker offers."""
        answer = self._ask(17, 1, _text(mechanism.encode()))
        error = answer.int16()
        offered = [answer.text() for _ in range(answer.int32())]
        return offered if error in (0, _UNSUPPORTED_SASL_MECHANISM) else []

    def sasl_authenticate(self, token: bytes) -> tuple[str, bytes]:
        """Why it is refused ("" where it is not), and the broker's side of the exchange."""
        answer = self._ask(36, 0, _INT32.pack(len(token)) + token)
        error, message = answer.int16(), answer.text()
        return (message or f"refused (error {error})") if error else "", answer.take(max(0, answer.int32()))

    def _ask(self, api: int, version: int, body: bytes) -> _Answer:
        self._asked += 1
        request = _HEADER.pack(api, version, self._asked, len(self._client_id)) + self._client_id + body
        self._sock.sendall(_INT32.pack(len(request)) + request)
        size = _INT32.unpack(self._receive(4))[0]
        if not 4 <= size <= _LARGEST:
            raise NotKafkaError("does not speak Kafka's protocol")
        answer = _Answer(self._receive(size))
        if answer.int32() != self._asked:
            raise NotKafkaError("does not speak Kafka's protocol")
        return answer

    def _receive(self, size: int) -> bytes:
        received = b""
        while len(received) < size:
            part = self._sock.recv(size - len(received))
            if not part:
                raise EOFError
            received += part
        return received


class _Answer:
    """Bytes, taken from the front. Raises `IndexError` at their end."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if size > len(self._data):
            raise IndexError
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def int16(self) -> int:
        return int(_INT16.unpack(self.take(2))[0])

    def int32(self) -> int:
        return int(_INT32.unpack(self.take(4))[0])

    def text(self) -> str:
        size = self.int16()
        return self.take(max(0, size)).decode(errors="replace")


def _text(data: bytes) -> bytes:
    return _INT16.pack(len(data)) + data
