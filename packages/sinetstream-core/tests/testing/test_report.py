"""What a report card looks like."""

import pytest
from sinetstream.testing import FakeBroker, Fault
from sinetstream.testing.report.card import Card, Line
from sinetstream.testing.report.html import as_html
from sinetstream.testing.report.text import as_text
from sinetstream.testing.run import run
from sinetstream.testing.verdict import Verdict


class Given(Card):
    """A card with these lines."""

    def __init__(self, *lines: Line) -> None:
        with FakeBroker() as broker:
            super().__init__(broker.harness())
        for line in lines:
            self._add(line)


def test_whatever_comes_from_elsewhere_is_escaped() -> None:
    card = Given(Line("order", "test_x", "a < b", Verdict.BROKEN, "<script>alert(1)</script>"))

    page = as_html(card, "service <b>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "service &lt;b&gt;" in page
    assert "http" not in page


def test_a_test_of_several_apis_is_one_line_where_they_agree() -> None:
    lines = [Line("order", f"test_x[{kind}]", "Order is kept.", Verdict.KEPT, "") for kind in ("sync", "async")]

    assert as_text(Given(*lines), "card").count("Order is kept.") == 1


def test_a_test_of_several_apis_tells_which_where_they_differ() -> None:
    kept = Line("order", "test_x[sync]", "Order is kept.", Verdict.KEPT, "")
    broken = Line("order", "test_x[async]", "Order is kept.", Verdict.BROKEN, "2 came before 1")

    text = as_text(Given(kept, broken), "card")
    assert "Order is kept. [sync]" in text
    assert "Order is kept. [async]" in text
    assert "1 kept, 1 broken" in text


def test_each_promise_is_one_sentence() -> None:
    with FakeBroker() as broker:
        card = run(broker.harness(), select="arrives")

    assert card.lines
    for line in card.lines:
        assert line.promise[0].isupper() or line.promise.startswith("`")
        assert line.promise.endswith(".")


def test_evidence_from_a_harness_that_fails_is_reported() -> None:
    with FakeBroker() as broker:
        card = run(broker.harness(not_observable={"test_no_such": "?"}), select="one_byte")

    (line,) = card.lines
    assert line.verdict is Verdict.BROKEN
    assert "test_no_such" in line.detail


@pytest.mark.parametrize("fault", [Fault.LEAK_EXCEPTION])
def test_evidence_names_the_cause(fault: Fault) -> None:
    with FakeBroker(fault) as broker:
        card = run(broker.harness(patience_s=1), select="unreachable and async_writer")

    assert "FakeLeakedError leaked from the plugin" in card.broken[0].detail
