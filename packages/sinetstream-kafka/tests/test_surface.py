"""What the plugin uses of kafka-python and kafka-python does not document: it is all listed, it exists, and it may go."""

import ast
import inspect
import logging
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from kafka.future import Future
from sinetstream.errors import UnsupportedServiceTypeError
from sinetstream_plugins.kafka.kafka_python import speed
from sinetstream_plugins.kafka.kafka_python.surface import REQUIRED, SPEED, missing
from sinetstream_plugins.kafka.kafka_python.version_check import SUPPORTED, unsupported

PACKAGE = Path(__file__).parent.parent
DOOR = PACKAGE / "src/sinetstream_plugins/kafka/kafka_python"

SIGNATURES = {
    "kafka.consumer.fetcher:Fetcher.PartitionRecords._unpack_records": "self, tp, records, key_deserializer, value_deserializer",
    "kafka.consumer.subscription_state:SubscriptionState.assign_from_subscribed": "self, assignments",
    "kafka.coordinator.consumer:ConsumerCoordinator._send_offset_commit_request": "self, offsets",
    "kafka.coordinator.consumer:ConsumerCoordinator.fetch_committed_offsets": "self, partitions, timeout_ms=None",
    "kafka.future:Future._add_cb_eb": "self, cb, eb",
    "kafka.net.compat:KafkaNetClient.__init__": "self, net=None, manager=None, **configs",
    "kafka.net.compat:KafkaNetClient.poll": "self, timeout_ms=None, future=None",
    "kafka.net.inet:create_connection": "net, host, port, socket_options=(), proxy_url=None, timeout_at=None",
    "kafka.net.manager:KafkaConnectionManager.__init__": "self, net, **configs",
    "kafka.net.manager:KafkaConnectionManager._build_transport": "self, node, timeout_at=None",
    "kafka.net.manager:KafkaConnectionManager.bootstrap_async": "self, timeout_ms=None, refresh=True",
    "kafka.net.manager:KafkaConnectionManager.call_soon": "self, coro, *args",
    "kafka.net.manager:KafkaConnectionManager.wait_for": "self, future, timeout_ms",
    "kafka.net.selector:NetworkSelector.run": "self, coro, *args",
    "kafka.net.transport:KafkaTCPTransport.__init__": "self, net, sock, host=None",
    "kafka.net.transport:KafkaTCPTransport._sock_recv": "self",
    "kafka.producer.producer_batch:ProducerBatch.try_append": "self, timestamp_ms, key, value, headers, now=None",
    "kafka.producer.record_accumulator:RecordAccumulator.append": (
        "self, tp, timestamp_ms, key, value, headers, now=None, abort_on_new_batch=False"
    ),
    "kafka.producer.transaction_manager:TransactionManager.classify_batch_error": (
        "self, error, batch, log_start_offset=-1"
    ),
    "kafka.producer.transaction_manager:TransactionManager.set_sequence_number": "self, tp, sequence",
    "kafka.producer.transaction_manager:TransactionalRequestResult.wait": "self, timeout_ms=None",
    "kafka.record.util:decode_varint": "buffer, pos=0",
}


@pytest.mark.parametrize("surface", [REQUIRED, *SPEED.values()], ids=["required", *SPEED])
def test_every_name_exists_in_the_installed_release(surface: Any) -> None:
    assert [] == missing(surface)


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_is_called_or_replaced_has_the_parameters_that_are_relied_on(name: str) -> None:
    module, _, path = name.partition(":")
    found: Any = import_module(module)
    for part in path.split("."):
        found = getattr(found, part)

    assert f"({SIGNATURES[name]})" == str(inspect.signature(found))


def test_every_private_name_that_is_used_is_listed() -> None:
    listed = {name for part in (REQUIRED, *SPEED.values()) for names in part.values() for name in names.split()}
    nodes = [node for file in DOOR.glob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    private = [node for node in nodes if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr)]
    ours = {node.attr for node in private if isinstance(node.ctx, ast.Store)}
    ours |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

    assert set() == {node.attr for node in private} - listed - ours


@pytest.fixture(scope="module")
def imported_without() -> dict[str, str]:
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("delete_names.py")], check=True, capture_output=True, text=True
    )
    return dict(line.split("\t") for line in done.stdout.splitlines())


def dotted(surface: Any) -> Iterator[str]:
    return (f"{owner.replace(':', '.')}.{name}" for owner in surface for name in surface[owner].split())


def test_a_release_that_lacks_a_name_is_refused_with_words(imported_without: dict[str, str]) -> None:
    needed = [*dotted(REQUIRED), "kafka.OffsetAndMetadata", "kafka.errors.RetriableError"]
    others = {
        name: imported_without[name] for name in needed if f"pip install '{SUPPORTED}'" not in imported_without[name]
    }

    assert {} == others
    assert all(name.rpartition(".")[2] in imported_without[name] for name in needed)


def test_a_release_that_lacks_what_is_only_speed_is_used_without(imported_without: dict[str, str]) -> None:
    for feature, surface in SPEED.items():
        for name in dotted(surface):
            assert feature in imported_without[name] or "UnsupportedServiceTypeError" in imported_without[name]


def test_one_line_tells_what_is_left_out(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(speed, "_told", set())
    monkeypatch.delattr(Future, "_add_cb_eb")
    with caplog.at_level(logging.INFO, "sinetstream.kafka"):
        assert not speed.is_available("fast_send")
        assert not speed.is_available("fast_send")

    (record,) = caplog.records
    assert ("sinetstream.kafka", logging.INFO) == (record.name, record.levelno)
    assert "kafka.future.Future._add_cb_eb" in record.getMessage()


def test_the_error_names_the_releases_that_the_package_declares() -> None:
    dependencies = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]["dependencies"]

    assert SUPPORTED in dependencies
    assert isinstance(unsupported("x"), UnsupportedServiceTypeError)
    assert SUPPORTED in str(unsupported("x"))
