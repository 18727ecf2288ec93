"""What we do about paho's ways, with the lowest and the newest paho."""

import socket
from typing import Any

import pytest
from paho.mqtt.client import PUBLISH, MQTTMessage
from paho.mqtt.enums import MessageState
from paho.mqtt.packettypes import PacketTypes
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt.client import make_client
from sinetstream_plugins.mqtt.dial import Dial
from sinetstream_plugins.mqtt.malformed import without_properties
from sinetstream_plugins.mqtt.paho_private import PahoClient, topic_of
from sinetstream_plugins.mqtt.parameters import parse
from sinetstream_plugins.mqtt.properties import properties

pytestmark = pytest.mark.mqtt


def made(protocol: str) -> PahoClient:
    params: dict[str, Any] = {"brokers": "localhost", "client_id": "me", "consistency": Consistency.EXACTLY_ONCE}
    return make_client(parse(params | {"protocol": protocol}, "writer"), on_released=print, dial=Dial())


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


def test_what_paho_could_not_send_is_forgotten_and_nothing_else() -> None:
    client = made("MQTTv5")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client._sock = ours
        mid = client.publish("topic", b"", 2).mid
        with pytest.raises(UnicodeEncodeError):
            client.publish("topic", b"", 2, properties=properties(PacketTypes.PUBLISH, UserProperty=("\ud800", "")))
        client.forget_all_but({mid})
        client._sock = None

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
