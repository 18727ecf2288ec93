"""What we do about paho's ways, with the lowest and the newest paho."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, cast

import pytest
from paho.mqtt.client import PUBLISH, MQTTMessage
from paho.mqtt.enums import MessageState
from paho.mqtt.packettypes import PacketTypes
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt.network.buffered_socket import BufferedSocket
from sinetstream_plugins.mqtt.network.connector import Connector
from sinetstream_plugins.mqtt.options.parameters import parse
from sinetstream_plugins.mqtt.packets.malformed import without_properties
from sinetstream_plugins.mqtt.packets.properties import properties
from sinetstream_plugins.mqtt.packets.topic import topic_of
from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.paho.make_client import make_client

pytestmark = pytest.mark.mqtt


def made(protocol: str, on_released: Callable[[int], None] = print) -> PahoClient:
    params: dict[str, Any] = {"brokers": "localhost", "client_id": "me", "consistency": Consistency.EXACTLY_ONCE}
    return make_client(parse(params | {"protocol": protocol}, "writer"), on_released=on_released, connector=Connector())


@pytest.mark.parametrize(("protocol", "clean"), [("MQTTv311", False), ("MQTTv5", False), ("MQTTv5", True)])
def test_a_message_whose_pubrel_is_due_is_not_published_anew_however_often_connecting_fails(
    protocol: str, clean: bool
) -> None:
    client = made(protocol)
    options: dict[str, Any] = {"clean_start": clean} if protocol == "MQTTv5" else {}
    client.connect_async("localhost", **options)
    message = MQTTMessage(1, b"topic")
    message.qos, message.state = 2, MessageState.MQTT_MS_WAIT_FOR_PUBCOMP
    client._out_messages[1] = message

    for _ in range(3):
        client._messages_reconnect_reset()
        assert MessageState.MQTT_MS_RESEND_PUBREL == message.state


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_that_cannot_be_packed_is_not_kept(qos: int) -> None:
    with _connected("MQTTv5") as (client, _):
        mid = client.publish_nowait(b"topic", b"", 2, False, None).mid
        with pytest.raises(UnicodeEncodeError):
            client.publish_nowait(
                b"topic", b"", qos, False, properties(PacketTypes.PUBLISH, UserProperty=("\ud800", ""))
            )

        assert [mid] == list(client._out_messages)


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize(
    "packed", [b"\3\0\3\xef\xbb\xbf", b"\3\0\1\0", b"\3\0\1\xff", b"\x7fno property", b"\3\0\x09short"]
)
def test_properties_that_cannot_be_read_arrive_empty(qos: int, packed: bytes) -> None:
    client = made("MQTTv5")
    arrived: list[MQTTMessage] = []
    client.on_message = lambda _client, _userdata, message: arrived.append(message)
    mid = b"\0\7" if qos else b""
    client._in_packet["command"] = PUBLISH | qos << 1
    client._in_packet["packet"] = bytearray(b"\0\1t" + mid + bytes((len(packed),)) + packed + b"payload")
    client._handle_publish()

    (message,) = arrived
    assert (b"payload", "t", qos, 7 if qos else 0) == (message.payload, topic_of(message), message.qos, message.mid)
    assert not hasattr(message.properties, "ContentType")


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\1t", b"\0\1t\5\0", b"\0\1t\xff\xff\xff\xff", b"\0\1t\0payload"])
def test_where_more_than_the_properties_is_malformed_or_nothing_is_nothing_is_cut(packet: bytes) -> None:
    assert without_properties(PUBLISH, bytearray(packet)) is None


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
@pytest.mark.parametrize(("qos", "answers"), [(1, [b"\x40\2"]), (2, [b"\x50\2", b"\x70\2"])])
def test_a_message_is_confirmed_once_wherever_the_answer_is_cut(qos: int, answers: list[bytes], cut: int) -> None:
    with _connected() as (client, theirs):
        confirmed: list[tuple[int, int]] = []
        client.on_publish = lambda _client, _userdata, mid, reason, _properties: confirmed.append((mid, reason.value))
        info = client.publish_nowait(b"topic", b"payload", qos, False, None)
        assert info.mid in client._out_messages
        for answer in answers * 2:
            packet = answer + info.mid.to_bytes(2)
            for part in (packet[:cut], packet[cut:]):
                theirs.sendall(part)
                client.read(10)

        assert info.is_published()
        assert [(info.mid, 0)] == confirmed
        assert not client._out_messages


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("size", [0, 100, 20_000, 100_000])
def test_what_is_handed_over_arrives_in_order_as_mqtt_has_it(qos: int, size: int) -> None:
    with _connected() as (client, theirs):
        head = bytes((0x30 | qos << 1,))
        expected, received = b"", b""
        for number in range(1, 6):
            payload = bytes((number,)) * size
            info = client.publish_nowait(b"topic", payload, qos, False, None)
            rest = b"\0\5topic" + (info.mid.to_bytes(2) if qos else b"") + payload
            length = bytearray()
            client._pack_remaining_length(length, len(rest))
            expected += head + length + rest
        while len(received) < len(expected):
            client.loop_write()
            assert client.buffered_socket is not None
            client.buffered_socket.flush()
            received += theirs.recv(1 << 20)

        assert expected == received


@pytest.mark.parametrize("protocol", ["MQTTv311", "MQTTv5"])
@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("part", [1, 3, 7, 16_000, 70_000])
def test_large_messages_arrive_whole_and_in_order_however_they_are_cut(protocol: str, qos: int, part: int) -> None:
    with _connected(protocol) as (client, theirs):
        arrived: list[MQTTMessage] = []
        client.on_message = lambda _client, _userdata, message: arrived.append(message)
        sent, cut = b"", part
        sizes = [5, 16_500, 0, 70_000, 20_000]
        for number, size in enumerate(sizes):
            rest = b"\0\1t" + (number.to_bytes(2) if qos else b"") + (b"\0" if protocol == "MQTTv5" else b"")
            length = bytearray()
            client._pack_remaining_length(length, len(rest) + size)
            sent += bytes((PUBLISH | qos << 1 | 9,)) + length + rest + bytes((number,)) * size
        theirs.settimeout(10)
        while sent:
            theirs.sendall(sent[:cut])
            sent = sent[cut:]
            cut = 10_000 if cut > 12 else cut + 1
            while client.read(100):
                pass

        assert [bytes((number,)) * size for number, size in enumerate(sizes)] == [m.payload for m in arrived]
        assert {(b"t", qos, True, True)} == {(m._topic, m.qos, m.retain, m.dup) for m in arrived}
        assert [number if qos else 0 for number in range(5)] == [m.mid for m in arrived]


@pytest.mark.parametrize("part", [1, 3, 7, 43, 16_000, 70_000, 1_000_000])
def test_large_messages_arrive_among_small_ones_and_pubrels_however_they_are_cut(part: int) -> None:
    released: list[int] = []
    with _connected(on_released=released.append) as (client, theirs):
        arrived: list[tuple[bytes, bytes]] = []
        client.on_message = lambda _client, _userdata, message: arrived.append((message._topic, bytes(message.payload)))
        sent, expected = b"", []
        for number, (length, size) in enumerate(product((1, 300, 5, 35), (20_000, 17_000, 3))):
            topic, payload = b"t" * length, bytes((number,)) * size
            expected.append((topic, payload))
            rest = length.to_bytes(2) + topic + number.to_bytes(2) + payload
            digits = bytearray()
            client._pack_remaining_length(digits, len(rest))
            sent += bytes((PUBLISH | 4,)) + digits + rest + (b"\x62\2" + number.to_bytes(2)) * (number % 4)
        theirs.settimeout(10)
        for begin in range(0, len(sent), max(part, 100)):
            for cut in (sent[begin : begin + part], sent[begin + part : begin + max(part, 100)]):
                theirs.sendall(cut)
                while client.read(100):
                    pass
        client.flush()
        answers = theirs.recv(1 << 16)

    assert expected == arrived
    assert [number for number in range(12) for _ in range(number % 4)] == released
    assert [b"\x70\2" + number.to_bytes(2) for number in released] == [
        answers[begin : begin + 4] for begin in range(0, len(answers), 4)
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 10, 12, 100, 16_383, 20_000])
@pytest.mark.parametrize("ahead", [b"", b"\x30\x84\x80\1\0\1t" + b"x" * 16_385])
def test_a_connection_that_ends_in_the_middle_of_a_large_message_is_lost_at_once(size: int, ahead: bytes) -> None:
    with _connected() as (client, theirs):
        arrived: list[MQTTMessage] = []
        client.on_message = lambda _client, _userdata, message: arrived.append(message)
        theirs.sendall(ahead + (b"\x30\xa0\x9c\1\0\5topic" + b"x" * 20_000)[:size])
        while client.read(100):
            pass
        theirs.close()
        client.read(100)

        assert client.socket() is None
        assert bool(ahead) == len(arrived)


def test_a_large_message_that_is_long_on_its_way_out_is_not_taken_for_silence_and_one_that_stands_still_is() -> None:
    with _connected() as (client, theirs):
        client.publish_nowait(b"topic", b"x" * 3_000_000, 1, False, None)
        client.loop_write()
        for _ in range(3):
            _an_hour_passes(client)
            assert theirs.recv(1 << 17)
            client.loop_write()
            client.loop_misc()
            assert client.socket() is not None
        _an_hour_passes(client)
        client.loop_write()
        client.loop_misc()

        assert client.socket() is None


def test_a_large_message_that_is_long_on_its_way_in_is_not_taken_for_silence_and_one_that_stands_still_is() -> None:
    with _connected() as (client, theirs):
        theirs.settimeout(10)
        theirs.sendall(b"\x30\x80\x80\x80\1\0\5topic")
        for _ in range(3):
            _an_hour_passes(client)
            theirs.sendall(b"x" * 10_000)
            client.read(100)
            client.loop_misc()
            assert client.socket() is not None
            client.loop_write()
            client.flush()
            assert b"\xc0\0" == theirs.recv(100)  # the broker does not take it for silence either
        _an_hour_passes(client)
        client.loop_misc()

        assert client.socket() is None


def _an_hour_passes(client: PahoClient) -> None:
    """And a PINGREQ of before has not been answered."""
    client._state = type(client._state).MQTT_CS_CONNECTED
    assert client.buffered_socket is not None
    client.buffered_socket.moved_at -= 3600
    client.buffered_socket.reader.received_at -= 3600
    client._ping_t = client._last_msg_out = client._last_bytes_received = (
        time.monotonic() - 3600
    )  # the last since paho 2.2


@contextlib.contextmanager
def _connected(
    protocol: str = "MQTTv311", on_released: Callable[[int], None] = print
) -> Iterator[tuple[PahoClient, socket.socket]]:
    client = made(protocol, on_released)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        client.buffered_socket = buffered = BufferedSocket(ours, ours)
        client._sock = cast(Any, buffered)
        yield client, theirs
        client._sock = None
