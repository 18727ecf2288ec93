"""Brokers without a fault pass the whole kit, whatever their plugins declare."""

from collections.abc import Iterator

import pytest
from sinetstream.spi import Ability
from sinetstream.testing import Conformance, FakeBroker, Harness
from sinetstream.testing.fake.plugin import EVERYTHING
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


def test_what_the_harness_names_as_not_observable_is_reported_so() -> None:
    with FakeBroker() as broker:
        harness = broker.harness(not_observable={"test_nothing_is_lost": "nobody counts"}, interrupt=None)
        card = run(harness, select="nothing_is_lost or reading_goes_on")

    assert {Verdict.NOT_OBSERVABLE} == card.counts.keys()
    assert "nobody counts" in {line.detail for line in card.lines}


LASTING = "acknowledge or finish or survives or aborted"


def test_what_needs_a_subscription_that_outlives_close_is_not_asked_of_another() -> None:
    with FakeBroker(abilities=EVERYTHING - {Ability.DURABLE}) as broker:
        card = run(broker.harness(params={**broker.params, "type_spec": {"temporary": True}}, durable=None), LASTING)
        lasting = run(broker.harness(durable=None), LASTING)

    assert [] == card.broken
    found = {line.test: line.verdict for line in card.lines}
    assert Verdict.NOT_DECLARED is found["test_nothing_is_acknowledged_before_it_is_finished"]
    assert Verdict.NOT_DECLARED is found["test_exactly_once_survives_an_exception"]
    kept = {line.test: line.verdict for line in lasting.lines}
    assert Verdict.KEPT is kept["test_nothing_is_acknowledged_before_it_is_finished"]
    assert Verdict.KEPT is kept["test_exactly_once_survives_an_exception"]


def test_where_nobody_can_be_killed_nothing_is_kept() -> None:
    with FakeBroker() as broker:
        card = run(broker.harness(reader={"value_deserializer": lambda payload: payload}), select="kill_9")

    assert {Verdict.NOT_OBSERVABLE: 3} == card.counts
    assert all(line.detail.startswith("nobody was killed") for line in card.lines)


def test_order_is_that_of_a_key_where_there_are_keys() -> None:
    with FakeBroker() as broker:
        run(broker.harness(), select="test_order_is_kept and not many")
        keys = {(record.topic, record.key) for record in broker.published}

    assert None not in {key for _, key in keys}
    assert len({topic for topic, _ in keys}) == len(keys)


def test_an_ability_that_does_not_work_is_broken() -> None:
    class Boasting(FakeBroker):
        @property
        def params(self) -> dict[str, object]:
            return super().params | {"type_spec": {"reach": "nobody"}}

    with Boasting(abilities={Ability.KEY}) as broker:
        card = run(broker.harness(patience_s=0.5), select="a_key_arrives")

    assert {Verdict.BROKEN} == card.counts.keys()
    assert all("ConnectionError" in line.detail for line in card.broken)
