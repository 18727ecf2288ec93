"""The parts that need no broker."""

import socket
import threading
from typing import Any

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.client import WebsocketConnectionError
from sinetstream.errors import InvalidArgumentError
from sinetstream_plugins.mqtt.errors import ERRORS
from sinetstream_plugins.mqtt.network.buffered_socket import BufferedSocket
from sinetstream_plugins.mqtt.network.packet_reader import PacketReader
from sinetstream_plugins.mqtt.network.wakeup import Wakeup
from sinetstream_plugins.mqtt.packets.user_properties import pack, unpack
from sinetstream_plugins.mqtt.subscribe.receive_queue import ReceiveQueue

pytestmark = pytest.mark.mqtt

STRANGE = [text.encode() for text in ("a\nb", "\x07", "\x7f", "\x85", "\ufefftext", "\uffff", "\ufdd0", "\U0001fffe")]


@pytest.mark.parametrize(
    "value", [b"", b"text", b"\xff\0", b"a\0b", b"base64:", b"base64:YQ==", "été".encode(), *STRANGE]
)
def test_keys_and_headers_come_back_as_they_were(value: bytes) -> None:
    assert (value, {"name": value}) == unpack(pack(value, {"name": value}))


def test_another_client_s_text_is_a_header_as_it_is() -> None:
    properties = pack(None, {})
    properties.UserProperty = [("a", "base64:no base 64"), ("b", "plain")]

    assert (None, {"a": b"base64:no base 64", "b": b"plain"}) == unpack(properties)


@pytest.mark.parametrize("value", STRANGE)
def test_what_brokers_or_clients_stumble_over_does_not_travel_as_text(value: bytes) -> None:
    packed: Any = pack(value, {"name": value})

    assert all(text.isascii() and text.isprintable() for pair in packed.UserProperty for text in pair)


@pytest.mark.parametrize(
    "headers",
    [
        {"sinetstream-key": b""},
        {"": b""},
        {"a": b"x" * 65536},
        *({name: b""} for name in ("a\0", "a\n", "\x85", "\ufeff", "\uffff", "\ud800", "x" * 65536)),
    ],
)
def test_what_no_user_property_can_carry_is_refused(headers: dict[str, bytes]) -> None:
    with pytest.raises(InvalidArgumentError, match="headers"):
        pack(None, headers)


def test_a_full_receive_queue_drops_the_newest_counts_and_tells_once_per_episode() -> None:
    receive_queue = ReceiveQueue(4, 100)

    assert [False] * 4 + [True, False] == [receive_queue.offer(number, 1) for number in range(6)]
    assert 2 == receive_queue.dropped
    assert [0, 1, 2] == [receive_queue.take(0.01) for _ in range(3)]
    receive_queue.took(3)
    assert [False, False, False, True] == [receive_queue.offer(number, 1) for number in range(6, 10)]


def test_a_receive_queue_is_bounded_in_bytes_too() -> None:
    receive_queue = ReceiveQueue(100, 10)

    assert [False, True] == [receive_queue.offer("a", 6), receive_queue.offer("b", 6)]
    receive_queue.took(6)
    assert not receive_queue.offer("c", 6)


def test_a_closed_receive_queue_ends_every_take() -> None:
    receive_queue = ReceiveQueue(1, 1)
    receive_queue.close()

    assert [None, None] == [receive_queue.take(None), receive_queue.take(None)]


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


def test_a_short_packet_is_given_when_all_of_it_is_there_and_leaves_others_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        reader = PacketReader(ours, ours)
        with pytest.raises(BlockingIOError):
            reader.short_packet(b"\x40")
        theirs.sendall(b"\x40\2\0\1" + b"\x50\2\0\1" + b"\x40\3\0\1\0" + b"\x40\2")
        assert b"\x40\2\0\1" == reader.short_packet(b"\x40")
        assert b"" == reader.short_packet(b"\x40")
        assert b"\x50\2\0\1" == reader.recv(4)
        assert b"" == reader.short_packet(b"\x40")
        assert b"\x40\3\0\1\0" == reader.recv(5)
        assert b"" == reader.short_packet(b"\x40")
        assert b"\x40\2" == reader.recv(4)
        theirs.close()

        assert b"" == reader.short_packet(b"\x40")


def test_nothing_is_drained_while_tls_holds_what_is_behind_a_websocket_s_ping() -> None:
    class PingAndData:
        """As paho's WebSocket, to which a frame without data is nothing to read."""

        def __init__(self) -> None:
            self.frames = [b"", b"\x40\2\0\1"]

        def recv(self, size: int) -> bytes:
            if not self.frames:
                raise BlockingIOError
            data = self.frames.pop(0)
            if not data:
                raise BlockingIOError
            return data

        def pending(self) -> int:
            return sum(map(len, self.frames))

    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader = PacketReader(PingAndData(), ours)
        with pytest.raises(BlockingIOError):
            reader.short_packet(b"\x40")
        assert not reader.drained
        assert b"\x40\2\0\1" == reader.short_packet(b"\x40")
        with pytest.raises(BlockingIOError):
            reader.short_packet(b"\x40")
        assert reader.drained


def test_nobody_stands_in_for_who_is_awake() -> None:
    wakeup = Wakeup()
    with wakeup.run_inline() as stands:
        assert not stands
    wakeup.begin_wait()
    wakeup.end_wait()
    with wakeup.run_inline() as stands:
        assert not stands
    wakeup.close()


def test_who_sleeps_does_not_rise_before_the_stand_in_is_done() -> None:
    wakeup = Wakeup()
    wakeup.begin_wait()
    order = []

    def rise() -> None:
        wakeup.end_wait()
        order.append("risen")

    sleeper = threading.Thread(target=rise)
    with wakeup.run_inline() as stands:
        assert stands
        assert wakeup.is_running_inline()
        sleeper.start()
        with wakeup.run_inline() as second:
            assert not second
        order.append("done")
    sleeper.join(10)

    assert ["done", "risen"] == order
    assert not wakeup.is_running_inline()
    wakeup.close()


def test_waking_after_the_end_does_no_harm() -> None:
    wakeup = Wakeup()
    wakeup.close()
    wakeup.wake()


def test_the_table_of_errors_has_all_that_paho_raises() -> None:
    assert issubclass(WebsocketConnectionError, OSError)
    assert {OSError, MQTTException} == set(ERRORS)
