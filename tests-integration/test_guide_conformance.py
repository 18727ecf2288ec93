"""The guide-era plugin keeps what its contract demands; what it never declared shows as not declared."""

import runpy
from pathlib import Path

import pytest
from sinetstream import plugins
from sinetstream.testing import Harness
from sinetstream.testing.report import Card
from sinetstream.testing.run import run
from sinetstream.testing.verdict import Verdict

SOURCE = Path(__file__).with_name("guide_plugin") / "src/ssplugin/queue.py"

pytestmark = pytest.mark.queue


@pytest.fixture(scope="module")
def card() -> Card:
    classes = runpy.run_path(str(SOURCE))
    groups = {
        "reader": classes["QueueReader"],
        "writer": classes["QueueWriter"],
        "async_reader": classes["QueueAsyncReader"],
        "async_writer": classes["QueueAsyncWriter"],
    }
    with plugins.register("guide", **groups):
        return run(Harness(params={"type": "guide"}))


def verdicts(card: Card, verdict: Verdict) -> set[str]:
    return {line.test.partition("[")[0] for line in card.lines if line.verdict is verdict}


def test_it_breaks_nothing_that_its_contract_demands(card: Card) -> None:
    assert [] == card.broken
    assert {
        "test_a_message_arrives",
        "test_nothing_is_lost",
        "test_nothing_comes_twice",
        "test_order_is_kept",
        "test_every_promise_is_fulfilled",
        "test_the_loop_ends_in_time",
        "test_no_thread_is_left",
        "test_garbage_goes_to_on_failure",
        "test_at_most_once_delivers",
        "test_an_altered_message_is_refused",
    } <= verdicts(card, Verdict.KEPT)


def test_what_it_never_declared_shows_as_not_declared(card: Card) -> None:
    assert {
        "test_at_least_once_delivers",
        "test_exactly_once_delivers",
        "test_nothing_is_acknowledged_before_it_is_finished",
        "test_order_is_kept_without_waiting",
        "test_a_key_arrives",
        "test_seeking_to_the_end_skips",
        "test_unfinished_messages_are_bounded",
    } <= verdicts(card, Verdict.NOT_DECLARED)


def test_it_reads_one_topic_at_a_time_and_says_so(card: Card) -> None:
    assert {"test_many_topics_are_read_together"} == verdicts(card, Verdict.REFUSED)
