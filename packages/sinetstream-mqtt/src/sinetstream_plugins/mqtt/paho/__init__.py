"""paho's client with what MQTT needs and paho has no public name for: every private name we use is in this folder."""

from sinetstream_plugins.mqtt.paho.client import PahoClient
from sinetstream_plugins.mqtt.paho.topic import topic_of

__all__ = ["PahoClient", "topic_of"]
