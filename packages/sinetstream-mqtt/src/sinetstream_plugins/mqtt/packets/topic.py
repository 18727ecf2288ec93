"""The topic of a received message."""

from __future__ import annotations

from paho.mqtt.client import MQTTMessage

__all__ = ["topic_of"]


def topic_of(message: MQTTMessage) -> str:
    """Its topic; where it is not UTF-8, with replacement characters."""
    try:
        return message.topic
    except UnicodeDecodeError as error:
        return error.object.decode(errors="replace")
