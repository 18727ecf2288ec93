"""The demo runs by itself, on any service, with and without a terminal, and tells the truth about losses."""

import importlib.util
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sinetstream import InvalidArgumentError, SINETStreamMessageEncoder, plugins
from sinetstream.testing import fresh_topic
from sinetstream_plugins.queue import QueueReader, QueueWriter

from tools.brokers import Broker

DEMO = Path(__file__).parent.parent / "tools" / "demo.py"
SUMMARY = re.compile(r"^(\S+): read by (\w+); sent (\d+); received (\d+); errors (\d+); bytes .*; latency p50 (\S+),")

pytestmark = pytest.mark.queue


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def summary(output: str) -> dict[str, tuple[str, ...]]:
    return {found[1]: found.groups()[1:] for line in output.splitlines() if (found := SUMMARY.match(line))}


def config_file(folder: Path, settings: str) -> Path:
    file = folder / "demo.yml"
    file.write_text(f"header: {{version: 3}}\nconfig:\n  lab: {settings}\n  other: {{type: queue}}\n")
    return file


def test_without_options_all_that_is_measured_arrives() -> None:
    result = demo("--seconds", 1)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Measuring this machine for 1 s")
    rows = summary(result.stdout)
    assert {"machine-load": "callbacks", "machine-traffic": "asyncio"} == {topic: row[0] for topic, row in rows.items()}
    for _, sent, received, errors, latency_ms in rows.values():
        assert int(sent) == int(received) > 2
        assert errors == "0"
        assert 0 < float(latency_ms) < 1000
    total = sum(int(row[1]) for row in rows.values())
    assert result.stdout.endswith(f"Nothing lost: {total} sent, {total} received.\n")


def test_it_runs_on_any_service_of_any_file_on_topics_as_asked(tmp_path: Path) -> None:
    file = config_file(tmp_path, "{type: queue, topic: elsewhere, consistency: AT_LEAST_ONCE, type_spec: {maxsize: 5}}")

    result = demo("--seconds", 0.5, "--service", "lab", "--config", file, "--topics", "one", "two")

    assert (result.returncode, result.stderr) == (0, "")
    assert {"one", "two"} == summary(result.stdout).keys()


def test_a_configuration_file_is_looked_for_where_the_user_stands(tmp_path: Path) -> None:
    config_file(tmp_path, "{type: queue}")
    hatch = str(DEMO.with_name("hatch"))
    command = [hatch, "run", "demo", "--seconds", "0.2", "--service", "lab", "--config", "demo.yml"]

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


def test_what_is_wrong_with_the_service_is_one_line(tmp_path: Path) -> None:
    result = demo("--service", "lab", "--config", config_file(tmp_path, "{type: carrier-pigeon}"))

    assert result.returncode == 1
    assert re.fullmatch(r"demo: .*carrier-pigeon.*\n", result.stderr)


@pytest.mark.parametrize(
    "arguments",
    [["--seconds", "nan"], ["--seconds", "-1"], ["--topics", "a", "a"], ["--write-to", "lab"]],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        loaded().main(arguments)

    assert refused.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_each_client_has_a_client_id_of_its_own_made_of_the_services(tmp_path: Path) -> None:
    file = config_file(tmp_path, "{type: recorded, client_id: logger-17}")
    RECORDED.clear()

    with plugins.register("recorded", reader=RecordedReader, writer=RecordedWriter):
        status = loaded().main(["--seconds", "0.2", "--service", "lab", "--config", str(file), "--topics", "a", "b"])

    assert status == 0
    assert ["logger-17-a-reader", "logger-17-a-writer", "logger-17-b-reader", "logger-17-b-writer"] == sorted(RECORDED)


def test_a_service_for_readers_alone_has_another_beside_it_to_write_to(tmp_path: Path) -> None:
    file = config_file(tmp_path, "{type: recorded, type_spec: {maxsize: 5}}")

    with plugins.register("recorded", reader=QueueReader, writer=PickyWriter):
        common = ["--seconds", "0.2", "--config", str(file), "--service", "lab"]
        alone = loaded().main(common)
        beside = loaded().main([*common, "--write-to", "other"])

    assert "for readers only" in str(alone)
    assert beside == 0


def test_messages_of_others_on_its_topics_are_left_out(tmp_path: Path) -> None:
    file = config_file(tmp_path, "{type: crowded}")

    with plugins.register("crowded", reader=QueueReader, writer=CrowdedWriter):
        status = loaded().main(["--seconds", "0.2", "--service", "lab", "--config", str(file)])

    assert status == 0


@pytest.mark.mqtt
def test_on_mqtt_a_service_with_a_client_id_loses_nothing(tmp_path: Path, mosquitto_broker: Broker) -> None:
    service = f"type: mqtt, brokers: '{mosquitto_broker.address()}', client_id: {fresh_topic()}"
    file = config_file(tmp_path, f"{{{service}, consistency: AT_LEAST_ONCE}}")

    result = demo("--seconds", 1, "--service", "lab", "--config", file, "--topics", fresh_topic(), fresh_topic())

    assert result.returncode == 0, result
    assert "Nothing lost" in result.stdout


@pytest.mark.kafka
def test_on_kafka_a_group_reads_what_another_service_writes(tmp_path: Path, kafka_broker: Broker) -> None:
    broker = f"type: kafka, brokers: '{kafka_broker.address()}'"
    group = f"{{group_id: {fresh_topic()}, auto_offset_reset: earliest}}"
    file = tmp_path / "demo.yml"
    file.write_text(
        f"header: {{version: 3}}\nconfig:\n  lab: {{{broker}, type_spec: {group}}}\n  other: {{{broker}}}\n"
    )
    service = ("--service", "lab", "--write-to", "other", "--config", file)

    result = demo("--seconds", 1, *service, "--topics", fresh_topic(), fresh_topic())

    assert result.returncode == 0, result
    assert "Nothing lost" in result.stdout


def test_ctrl_c_ends_it_with_the_summary() -> None:
    command = [sys.executable, "-u", str(DEMO), "--seconds", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        before = next(line for line in process.stdout if "rate" in line)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, "")
    assert len(summary(before + output)) == 2
    assert "Nothing lost" in output


def test_a_terminal_shows_tables() -> None:
    controller, terminal = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, str(DEMO), "--seconds", "1"]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        output = read_to_end(controller)

    assert process.returncode == 0
    assert "\x1b[" in output
    assert "┏" in output
    assert "CPU" in output
    assert "p99" in output
    assert "Nothing lost" in output


def read_to_end(controller: int) -> str:
    output = b""
    with open(controller, "rb", buffering=0) as file:
        try:
            while part := file.read(4096):
                output += part
        except OSError:  # how Linux says that nobody has the terminal any more
            pass
    return output.decode()


def test_a_lost_message_is_told_and_is_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = loaded()
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    file = config_file(tmp_path, "{type: leaky}")

    with plugins.register("leaky", reader=QueueReader, writer=LeakyWriter):
        status = module.main(["--seconds", "0.2", "--service", "lab", "--config", str(file)])

    assert status == 1
    assert re.search(r"LOST: [1-9]\d* of \d+ messages", capsys.readouterr().out)


class LeakyWriter(QueueWriter):
    count = 0

    def publish(self, message: bytes) -> None:
        self.count += 1
        if self.count != 2:
            super().publish(message)


RECORDED: list[str] = []


class RecordedReader(QueueReader):
    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._client_id = params["client_id"]

    def open(self) -> None:
        super().open()
        RECORDED.append(self._client_id)


class RecordedWriter(QueueWriter):
    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._client_id = params["client_id"]

    def open(self) -> None:
        super().open()
        RECORDED.append(self._client_id)


class PickyWriter(QueueWriter):
    def __init__(self, params: dict[str, Any]) -> None:
        if "maxsize" in params["type_spec"]:
            raise InvalidArgumentError("maxsize is for readers only", path="type_spec.maxsize")
        super().__init__(params)


class CrowdedWriter(QueueWriter):
    def publish(self, message: bytes) -> None:
        for value in (None, 1, "text", ["run"], {"run": "of somebody else's"}):
            super().publish(OTHERS.encode(value))
        super().publish(message)


OTHERS: SINETStreamMessageEncoder[Any] = SINETStreamMessageEncoder(value_type="json")


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
