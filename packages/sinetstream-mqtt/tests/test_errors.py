"""The table of errors."""

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.client import WebsocketConnectionError
from sinetstream_plugins.mqtt.errors import ERRORS

pytestmark = pytest.mark.mqtt


def test_the_table_of_errors_has_all_that_paho_raises() -> None:
    assert issubclass(WebsocketConnectionError, OSError)
    assert {OSError, MQTTException} == set(ERRORS)
