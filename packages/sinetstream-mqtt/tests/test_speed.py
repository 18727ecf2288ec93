"""On a paho-mqtt without the names that are only for speed, messages arrive as they do with them."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sinetstream.testing.checks.delivery import Delivery
from sinetstream_plugins.mqtt.paho.surface import SPEED

sys.path.append(str(Path(__file__).parent))

from renamed_paho import copy_without

if TYPE_CHECKING:
    from tools.brokers import MosquittoBroker

pytestmark = pytest.mark.mqtt

TESTS = [name for name in vars(Delivery) if name.startswith("test_")]
WITHOUT = {
    "sending": [name for some in SPEED["fast_sending"].values() for name in some],
    "receiving": ["_packet_handle", "_packet_read", "_loop_rc_handle", "_send_pubrel"],
    "both": ["_packet_queue", "_packet_read"],
}


@pytest.mark.parametrize(
    ("without", "protocol"),
    [("sending", "MQTTv5"), ("receiving", "MQTTv311"), ("both", "MQTTv311"), ("both", "MQTTv5")],
)
def test_the_kit_s_delivery_checks_pass(
    mosquitto_broker: "MosquittoBroker", without: str, protocol: str, tmp_path: Path
) -> None:
    library = copy_without(WITHOUT[without], tmp_path / "library")
    config = tmp_path / "config.yml"
    config.write_text(
        f"header: {{version: 3}}\nconfig:\n  lab:\n    type: mqtt\n    brokers: {mosquitto_broker.address()}\n"
        f"    type_spec: {{protocol: {protocol}}}\n"
    )
    command = [sys.executable, "-m", "sinetstream.testing", "lab", "--config", str(config), "-k", " or ".join(TESTS)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(library), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path
    )

    assert 0 == done.returncode, done.stdout
    assert done.stderr.count(": kept") >= len(TESTS) - 2
