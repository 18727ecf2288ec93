"""What is asked of Docker Compose, by a stand-in for docker that notes it down. Needs no engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.brokers import Broker, compose
from tools.brokers.state import State

SCRIPT = """#!/bin/sh
echo "$*" >> {notes}
case "$*" in *" ps "*) echo id ;; esac
{last}
"""
Notes = Callable[[], list[str]]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Notes]:
    """Puts a `docker` on the path that ends with the given command; gives what it was asked, without what is the same."""

    def put(last: str) -> Notes:
        notes = tmp_path / "notes"
        program = tmp_path / "docker"
        program.write_text(SCRIPT.format(notes=notes, last=last))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return lambda: [line.split("docker-compose.yml ")[-1] for line in notes.read_text().splitlines()]

    return put


@pytest.fixture
def broker(tmp_path: Path, docker: Callable[[str], Notes]) -> tuple[Broker, Notes]:
    notes = docker("exit 0")
    return compose.create("mqtt", tmp_path / "mqtt", say=print), notes


def test_an_engine_that_answers_is_used(docker: Callable[[str], Notes]) -> None:
    docker("exit 0")

    assert compose.engine_answers()


@pytest.mark.parametrize("last", ["exit 1", "exec sleep 60"])
def test_an_engine_that_fails_or_hangs_is_not_used(
    docker: Callable[[str], Notes], last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker(last)
    monkeypatch.setattr(compose, "_PATIENCE", 0.3)

    assert not compose.engine_answers()


def test_a_new_broker_has_nothing_of_an_earlier_one(broker: tuple[Broker, Notes], tmp_path: Path) -> None:
    _, notes = broker
    state = State.load(tmp_path / "mqtt")

    assert notes() == ["rm --stop --force --volumes mqtt"]
    assert state is not None
    assert state.how == "compose"
    assert (tmp_path / "mqtt" / "secrets" / "ca.crt").is_file()


def test_power_over_a_broker_is_power_over_its_container(broker: tuple[Broker, Notes]) -> None:
    container, notes = broker
    for act in (container.kill, container.freeze, container.thaw, container.stop):
        act()

    assert container.is_running()
    asked = [words.split()[0] for words in notes()[1:]]
    assert asked == ["kill", "pause", "unpause", "unpause", "stop", "ps"]
