"""What was received is given out as whole packets where that is of use."""

import socket

import pytest
from sinetstream_plugins.mqtt.network.packet_reader import PacketReader

pytestmark = pytest.mark.mqtt


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
