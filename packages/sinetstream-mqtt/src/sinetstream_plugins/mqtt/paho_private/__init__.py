"""paho's client with what MQTT needs and paho has no public name for: every private name we use is in this folder."""

from sinetstream_plugins.mqtt.paho_private.client import PahoClient
from sinetstream_plugins.mqtt.paho_private.topic import topic_of

__all__ = ["PahoClient", "topic_of"]
