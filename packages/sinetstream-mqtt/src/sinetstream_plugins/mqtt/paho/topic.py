"""The topic of a message that paho received."""

from __future__ import annotations

from paho.mqtt.client import MQTTMessage

__all__ = ["topic_of"]


def topic_of(message: MQTTMessage) -> str:
    """Its topic, as well as it can be shown where it is not UTF-8."""
    try:
        return message.topic
    except UnicodeDecodeError:
        return message._topic.decode(errors="replace")
