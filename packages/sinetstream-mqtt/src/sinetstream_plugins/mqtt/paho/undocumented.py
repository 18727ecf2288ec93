"""Public names of paho-mqtt that its documentation does not list."""

from __future__ import annotations

from paho.mqtt import MQTTException
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.subscribeoptions import SubscribeOptions

__all__ = ["MQTTException", "PacketTypes", "SubscribeOptions"]
