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

import pytest
from sinetstream import plugins
from sinetstream_plugins.queue import QueueReader, QueueWriter

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


def test_what_is_wrong_with_the_service_is_one_line(tmp_path: Path) -> None:
    result = demo("--service", "lab", "--config", config_file(tmp_path, "{type: carrier-pigeon}"))

    assert result.returncode == 1
    assert re.fullmatch(r"demo: .*carrier-pigeon.*\n", result.stderr)


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


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
