"""Brokers without a fault pass the whole kit, whatever their plugins declare."""

from collections.abc import Iterator

import pytest
from sinetstream.spi import Ability
from sinetstream.testing import Conformance, FakeBroker, Harness
from sinetstream.testing.run import run
from sinetstream.testing.verdict import Verdict


class TestABrokerThatDeclaresEverything(Conformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        with FakeBroker() as broker:
            yield broker.harness()


def test_what_is_declared_is_kept() -> None:
    with FakeBroker() as broker:
        card = run(broker.harness(), select="kill_9 or key or headers or seek")

    assert {Verdict.KEPT} == card.counts.keys()


def test_what_is_declared_absent_is_refused() -> None:
    with FakeBroker(abilities=()) as broker:
        card = run(broker.harness())

    assert [] == card.broken
    refused = {line.test.partition("[")[0] for line in card.lines if line.verdict is Verdict.REFUSED}
    assert {
        "test_at_least_once_delivers",
        "test_exactly_once_delivers",
        "test_a_key_arrives",
        "test_headers_arrive",
        "test_seeking_to_the_end_skips",
        "test_seeking_to_a_time_skips",
    } <= refused
    assert not any("once_delivers" in line.test for line in card.lines if line.verdict is Verdict.NOT_DECLARED)


def test_a_plugin_that_declares_nothing_keeps_what_the_contract_demands_and_no_more() -> None:
    with FakeBroker(abilities=None) as broker:
        card = run(broker.harness())

    verdicts = {line.test: line.verdict for line in card.lines}
    assert {Verdict.KEPT, Verdict.NOT_DECLARED} == card.counts.keys()
    assert Verdict.KEPT is verdicts["test_nothing_is_lost"]
    assert Verdict.KEPT is verdicts["test_at_most_once_delivers[sync]"]
    assert Verdict.NOT_DECLARED is verdicts["test_at_least_once_delivers[sync]"]
    assert Verdict.NOT_DECLARED is verdicts["test_a_key_arrives[sync]"]


def test_what_the_harness_calls_undetectable_is_reported_so() -> None:
    with FakeBroker() as broker:
        harness = broker.harness(undetectable={"test_nothing_is_lost": "nobody counts"}, interrupt=None)
        card = run(harness, select="nothing_is_lost or reading_goes_on")

    assert {Verdict.UNDETECTABLE} == card.counts.keys()
    assert "nobody counts" in {line.detail for line in card.lines}


def test_an_ability_that_does_not_work_is_broken() -> None:
    class Boasting(FakeBroker):
        @property
        def params(self) -> dict[str, object]:
            return super().params | {"type_spec": {"reach": "nobody"}}

    with Boasting(abilities={Ability.KEY}) as broker:
        card = run(broker.harness(patience_s=0.5), select="a_key_arrives")

    assert {Verdict.BROKEN} == card.counts.keys()
    assert all("ConnectionError" in line.detail for line in card.broken)
