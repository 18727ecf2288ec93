"""What we do about paho's ways, with the lowest and the newest paho."""

from typing import Any

import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MessageState
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt.client import make_client
from sinetstream_plugins.mqtt.parameters import parse

pytestmark = pytest.mark.mqtt


@pytest.mark.parametrize(("protocol", "clean"), [("MQTTv311", False), ("MQTTv5", False), ("MQTTv5", True)])
def test_a_message_whose_pubrel_is_due_is_not_published_anew_however_often_connecting_fails(
    protocol: str, clean: bool
) -> None:
    params: dict[str, Any] = {"brokers": "localhost", "client_id": "me", "consistency": Consistency.EXACTLY_ONCE}
    client = make_client(parse(params | {"protocol": protocol}, "writer"), on_released=print)
    options: dict[str, Any] = {"clean_start": clean} if protocol == "MQTTv5" else {}
    client.connect_async("localhost", **options)
    message = MQTTMessage(1, b"topic")
    message.qos, message.state = 2, MessageState.MQTT_MS_WAIT_FOR_PUBCOMP
    client._out_messages[1] = message

    for _ in range(3):
        client._messages_reconnect_reset()
        assert MessageState.MQTT_MS_RESEND_PUBREL == message.state
