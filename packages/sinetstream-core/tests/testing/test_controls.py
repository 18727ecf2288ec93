"""Brokers without a fault pass the whole kit."""

from collections.abc import Iterator

import pytest
from sinetstream.testing import Conformance, FakeBroker, Harness


class TestABrokerThatDeclaresEverything(Conformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with FakeBroker() as broker:
            yield broker.harness()


class TestABrokerThatCanDoNothing(Conformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with FakeBroker(abilities=()) as broker:
            yield broker.harness()


class TestABrokerThatDeclaresNothing(Conformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with FakeBroker(abilities=None) as broker:
            yield broker.harness()
