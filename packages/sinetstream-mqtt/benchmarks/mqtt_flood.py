"""Writes messages as fast as a broker takes them: address, topic, count, size and QoS on the command line.

Plain MQTT 3.1.1, written out, so that the readers that are measured are not waiting for the writer.
"""

import socket
import struct
import sys
from typing import BinaryIO

_WINDOW = 20
_IDENTIFIERS = [struct.pack("!H", number) for number in range(1, _WINDOW + 1)]


def main(address: str, topic: str, count: int, size: int, qos: int) -> None:
    host, port = address.rsplit(":", 1)
    name = b"flood-" + topic[:16].encode()
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(b"\x10" + bytes((12 + len(name),)) + b"\0\4MQTT\4\2\0\0" + _text(name))
        answers.read(4)
        print("ready", flush=True)
        sys.stdin.read()
        packets = _packets(topic.encode(), b"\x5a" * size, qos)
        window = b"".join(packets)
        for begin in range(0, count, _WINDOW):
            left = min(_WINDOW, count - begin)
            _write(connection, answers, window if left == _WINDOW else b"".join(packets[:left]), left, qos)
        connection.sendall(b"\xe0\0")


def _packets(topic: bytes, value: bytes, qos: int) -> list[bytes]:
    packets = []
    for identifier in _IDENTIFIERS:
        rest = _text(topic) + (identifier if qos else b"") + value
        packets.append(bytes((0x30 | qos << 1,)) + _length(len(rest)) + rest)
    return packets


def _write(connection: socket.socket, answers: BinaryIO, packets: bytes, count: int, qos: int) -> None:
    connection.sendall(packets)
    if qos:
        answers.read(4 * count)
    if qos == 2:
        connection.sendall(b"".join(b"\x62\2" + identifier for identifier in _IDENTIFIERS[:count]))
        answers.read(4 * count)


def _text(text: bytes) -> bytes:
    return struct.pack("!H", len(text)) + text


def _length(number: int) -> bytes:
    digits = bytearray()
    while True:
        number, digit = divmod(number, 128)
        digits.append(digit | (128 if number else 0))
        if not number:
            return bytes(digits)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
