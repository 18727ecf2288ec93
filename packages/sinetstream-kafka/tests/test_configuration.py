"""Services of configuration files of the versions that have Kafka's options beside the common parameters."""

from pathlib import Path
from typing import Any

import pytest
from sinetstream import MessageReader, MessageWriter

SERVICES = """
lab:
  type: kafka
  brokers:
    - {sasl}
  topic: {topic}
  value_type: text
  consistency: AT_LEAST_ONCE
  receive_timeout_ms: 5000
  request_timeout_ms: 20000
  security_protocol: SASL_SSL
  sasl_mechanism: PLAIN
  sasl_plain_username: alice
  sasl_plain_password: alice-test-only
  ssl_cafile: {ca}
  ssl_check_hostname: true
"""
VERSION_1 = SERVICES
VERSION_2 = "header: {{version: 2}}\nconfig:" + SERVICES.replace("\n", "\n  ")


@pytest.mark.parametrize("text", [VERSION_1, VERSION_2], ids=["1", "2"])
def test_a_service_of_an_older_file_carries_a_message(kafka_broker: Any, topic: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yml"
    file.write_text(text.format(sasl=kafka_broker.address("sasl"), topic=topic, ca=kafka_broker.secret("ca.crt")))
    with MessageReader("lab", config_file=file) as reader:
        with MessageWriter("lab", config_file=file) as writer:
            writer.publish("hello")
        message = next(reader)

    assert ("hello", topic) == (message.value, message.topic)
