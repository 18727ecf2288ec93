"""Fixtures for tests on real brokers; a broker that cannot be had is named in the last lines of the run.

kafka_broker, mosquitto_broker        shared by the whole run: given by address, up, or started for it; never made to fail
breakable_kafka, breakable_mosquitto  native ones for this, healthy at the beginning of each test
"""

import os
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

import pytest

from tools.brokers import instances
from tools.brokers.broker import Broker
from tools.brokers.errors import BrokerError, UnavailableError
from tools.brokers.external import exports
from tools.brokers.kafka_broker import KafkaBroker
from tools.brokers.mosquitto_broker import MosquittoBroker

__all__ = ["breakable_kafka", "breakable_mosquitto", "kafka_broker", "mosquitto_broker"]

B = TypeVar("B", bound=Broker)
T = TypeVar("T")
_FIXTURES = {"kafka_broker": "kafka", "mosquitto_broker": "mqtt"}


class _Run:
    """The brokers of one run of pytest, and why there are some it has not got."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._got: dict[str, Broker] = {}
        self._failed: dict[str, BrokerError] = {}
        self._to_retire: list[Broker] = []
        self.missing: dict[str, int] = {}

    def shared(self, kind: str) -> Broker:
        return self._once(kind, partial(self._start_shared, kind))

    def breakable(self, kind: str) -> Broker:
        broker = self._once(f"breakable {kind}", partial(self._start_private, kind))
        broker.heal()
        return broker

    def retire_all(self) -> None:
        while self._to_retire:
            instances.retire(self._to_retire.pop())

    def say(self, text: str) -> None:
        reporter: Any = self._config.pluginmanager.getplugin("terminalreporter")
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        if reporter is not None and capture is not None:
            with capture.global_and_fixture_disabled():
                reporter.ensure_newline()
                reporter.write_line(f"brokers: {text}")

    def _once(self, what: str, start: Callable[[], Broker]) -> Broker:
        """A second attempt would fail as the first did, and take as long."""
        if what in self._failed:
            raise self._failed[what]
        if what not in self._got:
            try:
                self._got[what] = start()
            except BrokerError as error:
                self._failed[what] = error
                raise
        return self._got[what]

    def _start_shared(self, kind: str) -> Broker:
        broker, ours = instances.shared(kind, self.say, quick=True)
        if ours:
            self._to_retire.append(broker)
        return broker

    def _start_private(self, kind: str) -> Broker:
        broker = instances.private(kind, self.say, quick=True)
        self._to_retire.append(broker)
        return broker


_RUN = pytest.StashKey[_Run]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RUN] = _Run(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where several processes test, they share the brokers of the one that has started them, given by address."""
    config = session.config
    if config.getoption("numprocesses", 0) and not hasattr(config, "workerinput"):
        for kind in instances.KINDS:
            try:
                os.environ.update(exports(config.stash[_RUN].shared(kind)))
            except BrokerError as error:
                config.stash[_RUN].say(f"{kind}: {error}")  # and so does each test that needs it


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    missing = node.config.stash[_RUN].missing
    for reason, tests in getattr(node, "workeroutput", {}).get("missing brokers", {}).items():
        missing[reason] = missing.get(reason, 0) + tests


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Start what the chosen tests need before the first of them: fetching and starting counts against none's time limit."""
    if session.config.option.collectonly:
        return
    wanted = {
        _FIXTURES[name] for item in session.items for name in getattr(item, "fixturenames", ()) if name in _FIXTURES
    }
    for kind in sorted(wanted):
        try:
            session.config.stash[_RUN].shared(kind)
        except BrokerError as error:
            session.config.stash[_RUN].say(f"{kind}: {error}")  # and each test that needs it says so again


def pytest_sessionfinish(session: pytest.Session) -> None:
    if run := session.config.stash.get(_RUN, None):
        run.retire_all()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["missing brokers"] = run.missing


def _unavailable_is_skipped(config: pytest.Config) -> Generator[None, T, T]:
    try:
        return (yield)
    except UnavailableError as error:
        missing = config.stash[_RUN].missing
        missing[str(error)] = missing.get(str(error), 0) + 1
        pytest.skip(str(error))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _unavailable_is_skipped(item.config))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _unavailable_is_skipped(item.config))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for reason, tests in config.stash[_RUN].missing.items():
        terminalreporter.write_line(f"brokers: without one, {tests} tests did not run: {reason}", yellow=True)


def _as(expected: type[B], broker: Broker) -> B:
    if not isinstance(broker, expected):
        raise TypeError(broker)
    return broker


@pytest.fixture(scope="session")
def kafka_broker(pytestconfig: pytest.Config) -> KafkaBroker:
    return _as(KafkaBroker, pytestconfig.stash[_RUN].shared("kafka"))


@pytest.fixture(scope="session")
def mosquitto_broker(pytestconfig: pytest.Config) -> MosquittoBroker:
    return _as(MosquittoBroker, pytestconfig.stash[_RUN].shared("mqtt"))


@pytest.fixture
def breakable_kafka(pytestconfig: pytest.Config) -> KafkaBroker:
    return _as(KafkaBroker, pytestconfig.stash[_RUN].breakable("kafka"))


@pytest.fixture
def breakable_mosquitto(pytestconfig: pytest.Config) -> MosquittoBroker:
    return _as(MosquittoBroker, pytestconfig.stash[_RUN].breakable("mqtt"))
