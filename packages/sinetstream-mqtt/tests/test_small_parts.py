"""The parts that need no broker."""

import socket
import threading
from typing import Any

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.client import WebsocketConnectionError
from sinetstream.errors import InvalidArgumentError
from sinetstream_plugins.mqtt.errors import ERRORS
from sinetstream_plugins.mqtt.inbox import Inbox
from sinetstream_plugins.mqtt.incoming import Incoming
from sinetstream_plugins.mqtt.user_properties import pack, unpack
from sinetstream_plugins.mqtt.waker import Waker
from sinetstream_plugins.mqtt.wire import Wire

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


def test_a_full_inbox_drops_the_newest_counts_and_tells_once_per_episode() -> None:
    inbox = Inbox(4, 100)

    assert [False] * 4 + [True, False] == [inbox.offer(number, 1) for number in range(6)]
    assert 2 == inbox.dropped
    assert [0, 1, 2] == [inbox.take(0.01) for _ in range(3)]
    inbox.took(3)
    assert [False, False, False, True] == [inbox.offer(number, 1) for number in range(6, 10)]


def test_an_inbox_is_bounded_in_bytes_too() -> None:
    inbox = Inbox(100, 10)

    assert [False, True] == [inbox.offer("a", 6), inbox.offer("b", 6)]
    inbox.took(6)
    assert not inbox.offer("c", 6)


def test_a_closed_inbox_ends_every_take() -> None:
    inbox = Inbox(1, 1)
    inbox.close()

    assert [None, None] == [inbox.take(None), inbox.take(None)]


def test_a_wire_sends_small_packets_together_and_keeps_what_does_not_fit() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        wire = Wire(ours, ours)
        packets = [bytes([number]) * 1000 for number in range(16)]
        for packet in packets:
            assert 1000 == wire.send(packet)
        sent = b"".join(packets)
        assert 16_000 == wire.unsent
        received = b""
        while not wire.flush() or len(received) < len(sent):
            received += theirs.recv(1 << 16)

        assert sent == received


def test_a_wire_sends_what_is_kept_ahead_of_a_large_packet_however_little_the_line_takes() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        wire = Wire(ours, ours)
        head, body = b"h" * 16_000, b"b" * 3_000_000
        assert wire.put(head)
        received, sent = b"", 0
        while len(received) < len(head) + len(body):
            try:
                sent += wire.send(memoryview(body)[sent:]) if sent < len(body) else 0
            except BlockingIOError:
                received += theirs.recv(10_000)
            else:
                wire.flush()
                received += theirs.recv(100_000)

        assert head + body == received


def test_a_wire_takes_a_small_packet_whole_or_not_at_all() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        wire = Wire(ours, ours)
        count = 0
        while wire.put(count.to_bytes(1000)):
            count += 1
        assert not wire.put(b"x" * 100_000)
        received = b""
        while len(received) < 1000 * count:
            wire.flush()
            received += theirs.recv(1 << 16)

        assert [number.to_bytes(1000) for number in range(count)] == [
            received[begin : begin + 1000] for begin in range(0, len(received), 1000)
        ]


def test_a_short_packet_is_given_when_all_of_it_is_there_and_leaves_others_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        incoming = Incoming(ours, ours)
        with pytest.raises(BlockingIOError):
            incoming.short_packet(b"\x40")
        theirs.sendall(b"\x40\2\0\1" + b"\x50\2\0\1" + b"\x40\3\0\1\0" + b"\x40\2")
        assert b"\x40\2\0\1" == incoming.short_packet(b"\x40")
        assert b"" == incoming.short_packet(b"\x40")
        assert b"\x50\2\0\1" == incoming.recv(4)
        assert b"" == incoming.short_packet(b"\x40")
        assert b"\x40\3\0\1\0" == incoming.recv(5)
        assert b"" == incoming.short_packet(b"\x40")
        assert b"\x40\2" == incoming.recv(4)
        theirs.close()

        assert b"" == incoming.short_packet(b"\x40")


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
        incoming = Incoming(PingAndData(), ours)
        with pytest.raises(BlockingIOError):
            incoming.short_packet(b"\x40")
        assert not incoming.drained
        assert b"\x40\2\0\1" == incoming.short_packet(b"\x40")
        with pytest.raises(BlockingIOError):
            incoming.short_packet(b"\x40")
        assert incoming.drained


def test_nobody_stands_in_for_who_is_awake() -> None:
    waker = Waker()
    with waker.stand_in() as stands:
        assert not stands
    waker.doze()
    waker.arise()
    with waker.stand_in() as stands:
        assert not stands
    waker.close()


def test_who_sleeps_does_not_rise_before_the_stand_in_is_done() -> None:
    waker = Waker()
    waker.doze()
    order = []

    def rise() -> None:
        waker.arise()
        order.append("risen")

    sleeper = threading.Thread(target=rise)
    with waker.stand_in() as stands:
        assert stands
        assert waker.stands_in()
        sleeper.start()
        with waker.stand_in() as second:
            assert not second
        order.append("done")
    sleeper.join(10)

    assert ["done", "risen"] == order
    assert not waker.stands_in()
    waker.close()


def test_waking_after_the_end_does_no_harm() -> None:
    waker = Waker()
    waker.close()
    waker.wake()


def test_the_table_of_errors_has_all_that_paho_raises() -> None:
    assert issubclass(WebsocketConnectionError, OSError)
    assert {OSError, MQTTException} == set(ERRORS)
