"""The four classes: two are written out, two are derived from them."""

from __future__ import annotations

from sinetstream.spi import AsyncReaderFromReader, WriterFromAsyncWriter
from sinetstream_plugins.mqtt.reader import MqttReader
from sinetstream_plugins.mqtt.writer import MqttAsyncWriter

__all__ = ["MqttAsyncReader", "MqttAsyncWriter", "MqttReader", "MqttWriter"]


class MqttAsyncReader(AsyncReaderFromReader):
    """`MqttReader`, calling back."""

    source = MqttReader


class MqttWriter(WriterFromAsyncWriter):
    """`MqttAsyncWriter`, waiting."""

    source = MqttAsyncWriter
