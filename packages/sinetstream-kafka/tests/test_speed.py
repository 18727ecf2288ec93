"""Without what is only speed, messages arrive as they do with it."""

from importlib import import_module
from typing import Any

import pytest
from kafka_harness import harness_on
from sinetstream.testing import Harness
from sinetstream.testing.checks.attributes import Attributes
from sinetstream.testing.checks.delivery import Delivery
from sinetstream_plugins.kafka.kafka_python import speed


class WithoutSpeed(Attributes, Delivery):
    """On a kafka-python that lacks a name of kafka-python's which nothing but one short way needs."""

    feature: str
    module: str
    name: str

    @pytest.fixture
    def harness(self, kafka_broker: Any, monkeypatch: pytest.MonkeyPatch) -> Harness:
        assert speed.is_available(self.feature)
        monkeypatch.delattr(import_module(self.module), self.name)
        assert not speed.is_available(self.feature)
        return harness_on(kafka_broker, "plain")


class TestWithoutFastSend(WithoutSpeed):
    feature, module, name = "fast_send", "kafka.partitioner", "DefaultPartitioner"


class TestWithoutFastDecode(WithoutSpeed):
    feature, module, name = "fast_decode", "kafka.record.util", "decode_varint"


class TestWithoutRecvBuffer(WithoutSpeed):
    feature, module, name = "recv_buffer", "kafka.net.inet", "create_connection"
