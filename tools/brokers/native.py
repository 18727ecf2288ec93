"""Brokers as processes of this machine: a folder is prepared, then the broker lives in it."""

import os
import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from tools.brokers import kafka_config, mosquitto_config
from tools.brokers.broker import Broker
from tools.brokers.certificates import make_certificates
from tools.brokers.install import Say, find_java, kafka_jars, kafka_version, mosquitto, run
from tools.brokers.kafka_broker import KafkaBroker
from tools.brokers.mosquitto_broker import MosquittoBroker
from tools.brokers.passwords import write_dynamic_security, write_password_file
from tools.brokers.process import Identity, Native
from tools.brokers.state import State

__all__ = ["attach", "create", "make_secrets"]

_HEAP = "-Xmx512m"
_QUICK = (
    "-XX:TieredStopAtLevel=1"  # the first compiler only: half the processor time until ready, slower in the long run
)


def make_secrets(folder: Path) -> Path:
    """Certificates and passwords, for either broker."""
    secrets = folder / "secrets"
    secrets.mkdir(parents=True)
    make_certificates(secrets)
    write_password_file(secrets / "mosquitto.passwd")
    write_dynamic_security(secrets / "dynamic-security.json")
    return secrets


def _prepare_kafka(
    folder: Path, changes: Mapping[str, str], say: Say, *, quick: bool
) -> tuple[list[str], dict[str, str]]:
    java = find_java()
    jars = kafka_jars(say)
    config = kafka_config.native(kafka_config.CONFIG.read_text(), changes)
    (folder / "server.properties").write_text(config)
    logging = kafka_config.CONFIG.with_name("log4j2.properties")
    jvm = [java, "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    storage = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config=server.properties"]
    say(f"Starting Apache Kafka {kafka_version()} ...")
    run([*jvm[:1], _QUICK, *jvm[1:], *storage], "formatting Kafka's storage", folder=folder)
    options = [_HEAP, _QUICK] if quick else [_HEAP]
    return [*jvm[:1], *options, *jvm[1:], "kafka.Kafka", "server.properties"], kafka_config.addresses(config)


def _prepare_mosquitto(folder: Path, changes: Mapping[str, str], say: Say) -> tuple[list[str], dict[str, str]]:
    program = mosquitto(say)
    config = mosquitto_config.native(mosquitto_config.CONFIG.read_text(), changes)
    (folder / "mosquitto.conf").write_text(config)
    shutil.copy(mosquitto_config.ACL, folder)
    (folder / "data").mkdir()
    say("Starting Mosquitto ...")
    return [program, "-c", "mosquitto.conf"], mosquitto_config.addresses(config)


def create(
    kind: str,
    folder: Path,
    *,
    say: Say,
    changes: Mapping[str, str] | None = None,
    watched: bool = True,
    quick: bool = False,
) -> Broker:
    """A broker that has not been started yet, with data and users of its own.

    `changes` are settings of the broker that differ from the committed ones. `watched`: it ends with this process at the
    latest; else it stays until `down`. `quick`: starting matters more than speed afterwards.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_secrets(folder)
    if kind == "kafka":
        command, addresses = _prepare_kafka(folder, changes or {}, say, quick=quick)
    else:
        command, addresses = _prepare_mosquitto(folder, changes or {}, say)
    owner = Identity.of(os.getpid()) if watched else None
    state = State(kind, "native", addresses, tuple(command), owner=owner)
    return attach(folder, state)


def attach(folder: Path, state: State) -> Broker:
    """The broker of a folder, running or not."""
    control = Native(
        state.command,
        folder,
        identity=state.identity,
        changed=lambda identity: state.of(identity).save(folder),
        watched=state.owner is not None and state.owner.pid == os.getpid(),
    )
    secrets = folder / "secrets"
    if state.kind == "kafka":
        return KafkaBroker(state.addresses, secrets, control, ours=True)
    return MosquittoBroker(state.addresses, secrets, control)
