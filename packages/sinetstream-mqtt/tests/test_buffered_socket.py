"""Small packets are sent together, large ones at once."""

import socket

import pytest
from sinetstream_plugins.mqtt.network.buffered_socket import BufferedSocket

pytestmark = pytest.mark.mqtt


def test_a_buffered_socket_sends_small_packets_together_and_keeps_what_does_not_fit() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours, ours)
        packets = [bytes([number]) * 1000 for number in range(16)]
        for packet in packets:
            assert 1000 == buffered.send(packet)
        sent = b"".join(packets)
        assert 16_000 == buffered.unsent
        received = b""
        while not buffered.flush() or len(received) < len(sent):
            received += theirs.recv(1 << 16)

        assert sent == received


def test_a_buffered_socket_sends_what_is_kept_ahead_of_a_large_packet_however_little_the_network_takes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours, ours)
        head, body = b"h" * 16_000, b"b" * 3_000_000
        assert buffered.put(head)
        received, sent = b"", 0
        while len(received) < len(head) + len(body):
            try:
                sent += buffered.send(memoryview(body)[sent:]) if sent < len(body) else 0
            except BlockingIOError:
                received += theirs.recv(10_000)
            else:
                buffered.flush()
                received += theirs.recv(100_000)

        assert head + body == received


def test_a_buffered_socket_takes_a_small_packet_whole_or_not_at_all() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours, ours)
        count = 0
        while buffered.put(count.to_bytes(1000)):
            count += 1
        assert not buffered.put(b"x" * 100_000)
        received = b""
        while len(received) < 1000 * count:
            buffered.flush()
            received += theirs.recv(1 << 16)

        assert [number.to_bytes(1000) for number in range(count)] == [
            received[begin : begin + 1000] for begin in range(0, len(received), 1000)
        ]
