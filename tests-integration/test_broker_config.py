"""One set of settings serves native brokers and docker-compose.yml. Needs no broker."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.brokers import USERS, kafka_config, mosquitto_config
from tools.brokers.certificates import make_certificates
from tools.brokers.install import kafka_version
from tools.brokers.native import make_secrets

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = {"kafka": kafka_config, "mqtt": mosquitto_config}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return content


def mounts(service: dict[str, Any]) -> dict[str, str]:
    return {there: str(ROOT / here) for here, there in (entry.split(":")[:2] for entry in service["volumes"])}


def test_compose_runs_the_kafka_that_maven_fetches(services: dict[str, dict[str, Any]]) -> None:
    assert services["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


@pytest.mark.parametrize("kind", CONFIGS)
def test_compose_mounts_the_settings_that_native_brokers_start_from(
    kind: str, services: dict[str, dict[str, Any]]
) -> None:
    assert str(CONFIGS[kind].CONFIG) in mounts(services[kind]).values()


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_mounted_file_exists_once_the_broker_has_its_secrets(
    kind: str, services: dict[str, dict[str, Any]]
) -> None:
    made = str(ROOT / ".brokers" / kind / "secrets")
    missing = [path for path in mounts(services[kind]).values() if path != made and not Path(path).is_file()]

    assert missing == []
    assert made in mounts(services[kind]).values()


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_path_in_the_settings_is_there_natively_and_in_the_container(
    kind: str, services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    make_secrets(tmp_path)
    home = services[kind]["working_dir"]
    needed = set(re.findall(r"\bsecrets/[\w.-]+", CONFIGS[kind].CONFIG.read_text()))

    assert needed
    assert [path for path in needed if not (tmp_path / path).is_file()] == []
    assert f"{home}/secrets" in mounts(services[kind])
    if kind == "mqtt":
        assert mounts(services[kind])[f"{home}/acl"] == str(mosquitto_config.ACL)


@pytest.mark.parametrize("kind", CONFIGS)
def test_compose_publishes_each_listener_on_loopback_and_nothing_else(
    kind: str, services: dict[str, dict[str, Any]]
) -> None:
    config = CONFIGS[kind]
    addresses = config.addresses(config.CONFIG.read_text())
    addresses.pop("proxied", None)  # there a proxy of the tests listens
    expected = {f"{address}:{address.split(':')[1]}" for address in addresses.values()}

    assert expected == set(services[kind]["ports"])


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_native_broker_differs_in_addresses_and_the_place_of_the_plugin_only(kind: str) -> None:
    config = CONFIGS[kind]
    committed = config.CONFIG.read_text()
    native = config.native(committed, {})
    pairs = zip(committed.splitlines(), native.splitlines(), strict=True)
    changed = {re.split("[ =]", old)[0] for old, new in pairs if old != new}

    assert changed <= {"listeners", "advertised.listeners", "controller.quorum.voters", "listener", "plugin"}
    assert config.addresses(committed).keys() == config.addresses(native).keys()
    assert set(config.addresses(committed).values()).isdisjoint(config.addresses(native).values())


@pytest.mark.parametrize("kind", CONFIGS)
def test_no_two_listeners_share_a_port(kind: str) -> None:
    config = CONFIGS[kind]
    ports = list(config.addresses(config.native(config.CONFIG.read_text(), {})).values())

    assert len(ports) == len(set(ports))


def test_changes_are_what_a_broker_of_ones_own_gets() -> None:
    kafka = kafka_config.native(kafka_config.CONFIG.read_text(), {"message.max.bytes": "2000"})
    mosquitto = mosquitto_config.native(mosquitto_config.CONFIG.read_text(), {"max_queued_messages": "5"})

    assert kafka.splitlines()[-1] == "message.max.bytes=2000"
    assert "\nmax_queued_messages 5\n" in mosquitto
    with pytest.raises(ValueError, match="max_queud_messages: no line"):
        mosquitto_config.native(mosquitto_config.CONFIG.read_text(), {"max_queud_messages": "5"})


def test_kafka_knows_the_users_of_the_table() -> None:
    text = kafka_config.CONFIG.read_text()
    named = dict(re.findall(r'user_([\w-]+)="([^"]*)"', text))

    assert named == {user.name: user.password for user in USERS.values() if user.name != "may-not-subscribe"}


def test_mosquitto_gives_rights_to_users_of_the_table() -> None:
    named = set(re.findall(r"^user (.*)$", mosquitto_config.ACL.read_text(), re.MULTILINE))

    assert named == {"alice", "may-not-read", "may-not-write"}
    assert named <= USERS.keys()


def test_each_run_has_certificates_of_its_own(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        make_certificates(folder)
    one, two = ({file.name: file.read_bytes() for file in folder.iterdir()} for folder in folders)

    assert one.keys() == two.keys()
    assert [name for name in one if one[name] == two[name]] == []
