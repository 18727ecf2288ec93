"""Beside kafka-python-ng, which owns the same files, the plugin does not even import them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sinetstream_plugins.kafka.kafka_python.version_check import check

IMPORTS = """
import sys
try:
    import sinetstream_plugins.kafka
except LookupError as error:
    print(type(error).__name__, error, "kafka" in sys.modules)
"""


def test_kafka_python_ng_beside_kafka_python_is_found() -> None:
    with pytest.raises(LookupError, match="pip uninstall kafka-python-ng"):
        check(lambda name: "2.2.3")


def test_the_plugin_looks_for_it_before_it_imports_kafka_python(tmp_path: Path) -> None:
    installed = tmp_path / "kafka_python_ng-2.2.3.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: kafka-python-ng\nVersion: 2.2.3\n")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout.startswith("UnsupportedServiceTypeError kafka-python-ng 2.2.3 is installed")
    assert done.stdout.endswith(" False\n")
