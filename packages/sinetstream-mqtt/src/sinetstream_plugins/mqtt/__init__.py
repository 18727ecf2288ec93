"""MQTT 3.1, 3.1.1 and 5 through paho-mqtt, made for networks that come and go."""

from sinetstream_plugins.mqtt.__about__ import __version__
from sinetstream_plugins.mqtt.paho.surface import check as _check

_check()  # before the modules are imported that use the names of paho-mqtt which it looks for

from sinetstream_plugins.mqtt.plugin import MqttAsyncReader, MqttAsyncWriter, MqttReader, MqttWriter  # noqa: E402

__all__ = ["MqttAsyncReader", "MqttAsyncWriter", "MqttReader", "MqttWriter", "__version__"]
