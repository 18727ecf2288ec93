"""Brokers as services of docker-compose.yml, where a Docker engine answers: one of each kind, on the ports in that file."""

import contextlib
import shutil
import subprocess
from pathlib import Path

from tools.brokers import kafka_config, mosquitto_config
from tools.brokers.broker import Broker
from tools.brokers.control import Control
from tools.brokers.errors import BrokerError
from tools.brokers.install import Say, run
from tools.brokers.kafka_broker import KafkaBroker
from tools.brokers.mosquitto_broker import MosquittoBroker
from tools.brokers.native import make_secrets
from tools.brokers.state import ROOT, State

__all__ = ["attach", "create", "engine_answers", "remove"]

_COMPOSE = ("docker", "compose", "--project-name", "sinetstream-brokers", "--file", str(ROOT / "docker-compose.yml"))
_PATIENCE = 3


def engine_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    for question in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            done = subprocess.run(question, capture_output=True, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return False
        if done.returncode:
            return False
    return True


def _compose(*words: str) -> str:
    return run([*_COMPOSE, *words], f"docker compose {words[0]}")


class Container(Control):
    def __init__(self, service: str) -> None:
        self._service = service

    def start(self) -> None:
        _compose("up", "--detach", self._service)

    def stop(self) -> None:
        self.thaw()
        _compose("stop", self._service)

    def kill(self) -> None:
        _compose("kill", self._service)

    def freeze(self) -> None:
        _compose("pause", self._service)

    def thaw(self) -> None:
        with contextlib.suppress(BrokerError):  # it was not frozen
            _compose("unpause", self._service)

    def is_running(self) -> bool:
        states = ("--status", "running", "--status", "paused")
        return bool(_compose("ps", "--quiet", *states, self._service).strip())

    def log(self) -> str:
        return _compose("logs", "--no-color", "--tail", "20", self._service)


def create(kind: str, folder: Path, *, say: Say) -> Broker:
    """The broker of this kind, not started yet, without anything of an earlier one."""
    remove(kind)
    shutil.rmtree(folder, ignore_errors=True)
    make_secrets(folder)
    say(f"Starting {kind} with Docker Compose ...")
    config = kafka_config if kind == "kafka" else mosquitto_config
    state = State(kind, "compose", config.addresses(config.CONFIG.read_text()))
    state.save(folder)
    return attach(folder, state)


def attach(folder: Path, state: State) -> Broker:
    control = Container(state.kind)
    if state.kind == "kafka":
        return KafkaBroker(state.addresses, folder / "secrets", control, ours=True)
    return MosquittoBroker(state.addresses, folder / "secrets", control)


def remove(kind: str) -> None:
    _compose("rm", "--stop", "--force", "--volumes", kind)
