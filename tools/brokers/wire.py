"""As much of Kafka's protocol as a test broker's set-up takes, so that it needs no client library."""

import hashlib
import os
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple, Self

from tools.brokers.errors import BrokerError

__all__ = ["Acl", "Connection"]

_TIMEOUT = 10.0
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
_OPERATIONS = {"all": 2, "read": 3, "write": 4}
_LITERAL = 3
_MECHANISMS = {"SCRAM-SHA-256": (1, "sha256"), "SCRAM-SHA-512": (2, "sha512")}
_SCRAM_ITERATIONS = 4096
_TOPIC_EXISTS = 36


class Acl(NamedTuple):
    user: str
    resource: str
    name: str
    operation: str
    allowed: bool


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">h", len(data)) + data


def _compact(data: bytes) -> bytes:
    """The newer, shorter form; all that is sent here has fewer than 127 bytes or members."""
    return bytes((len(data) + 1,)) + data


class _Answer:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, form: str) -> int:
        (value,) = struct.unpack_from(f">{form}", self._data, self._at)
        self._at += struct.calcsize(form)
        return int(value)

    def string(self, length: int) -> str:
        text = self._data[self._at : self._at + max(length, 0)].decode()
        self._at += max(length, 0)
        return text

    def text(self) -> str:
        return self.string(self.take("h"))

    def compact_text(self) -> str:
        return self.string(self.take("B") - 1)


class Connection:
    """One connection to a plaintext listener; each call is one request and its answer."""

    def __init__(self, address: str) -> None:
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), _TIMEOUT)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def coordinator_is_ready(self, name: str, kind: int) -> bool:
        """`kind` 0: of a group, 1: of a transaction. Asking for the first time makes the broker create the log for it."""
        answer = self._ask(10, 1, _string(name) + bytes((kind,)))
        answer.take("i")
        return answer.take("h") == 0

    def create_topic(self, name: str, partitions: int, settings: dict[str, str]) -> None:
        entries = b"".join(_string(key) + _string(value) for key, value in settings.items())
        topic = _string(name) + struct.pack(">ihii", partitions, 1, 0, len(settings)) + entries
        answer = self._ask(19, 2, struct.pack(">i", 1) + topic + struct.pack(">i?", int(_TIMEOUT * 1000), False))
        answer.take("i")
        for _ in range(answer.take("i")):
            answer.text()
            code, text = answer.take("h"), answer.text()
            _check(f"creating the topic {name}", code, text)

    def leaders(self, topic: str) -> int:
        """How many partitions of the topic have a leader."""
        answer = self._ask(3, 4, struct.pack(">i", 1) + _string(topic) + b"\0")
        answer.take("i")
        for _ in range(answer.take("i")):  # brokers
            answer.take("i"), answer.text(), answer.take("i"), answer.text()
        answer.text(), answer.take("i"), answer.take("i")  # cluster, controller, number of topics
        answer.take("h"), answer.text(), answer.take("b")
        leaders = 0
        for _ in range(answer.take("i")):
            leaders += answer.take("h") == 0
            answer.take("i"), answer.take("i")
            for _ in ("replicas", "in sync"):
                for _ in range(answer.take("i")):
                    answer.take("i")
        return leaders

    def create_acls(self, acls: Sequence[Acl]) -> None:
        body = struct.pack(">i", len(acls))
        for acl in acls:
            body += bytes((_RESOURCES[acl.resource],)) + _string(acl.name) + bytes((_LITERAL,))
            body += _string(f"User:{acl.user}") + _string("*")
            body += bytes((_OPERATIONS[acl.operation], 3 if acl.allowed else 2))
        answer = self._ask(30, 1, body)
        answer.take("i")
        for _ in range(answer.take("i")):
            code, text = answer.take("h"), answer.text()
            _check("creating an ACL", code, text)

    def create_scram_users(self, passwords: Sequence[tuple[str, str]]) -> None:
        """One request for each mechanism: Kafka takes a user once in a request."""
        for number, algorithm in _MECHANISMS.values():
            body = bytes((1, len(passwords) + 1))
            for user, password in passwords:
                salt = os.urandom(16)
                salted = hashlib.pbkdf2_hmac(algorithm, password.encode(), salt, _SCRAM_ITERATIONS)
                middle = struct.pack(">bi", number, _SCRAM_ITERATIONS)
                body += _compact(user.encode()) + middle + _compact(salt) + _compact(salted) + b"\0"
            answer = self._ask(51, 0, body + b"\0", flexible=True)
            answer.take("i")
            for _ in range(answer.take("B") - 1):
                user, code, text = answer.compact_text(), answer.take("h"), answer.compact_text()
                answer.take("B")
                _check(f"creating the user {user}", code, text)

    def _ask(self, key: int, version: int, body: bytes, *, flexible: bool = False) -> _Answer:
        """`flexible`: the newer form of headers, which ends with a number of tagged fields: none."""
        tags = b"\0" if flexible else b""
        request = struct.pack(">hhi", key, version, 0) + _string("tools/brokers") + tags + body
        self._socket.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", self._read(4))
        return _Answer(self._read(size)[4 + len(tags) :])

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionResetError("the broker closed the connection")
        return data


def _check(what: str, code: int, text: str) -> None:
    if code not in {0, _TOPIC_EXISTS}:
        raise BrokerError(f"{what}: error {code} {text}")
