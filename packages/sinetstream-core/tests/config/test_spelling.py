"""The nearest known word."""

from __future__ import annotations

import pytest
from sinetstream.spelling import did_you_mean, distance, near, nearest


@pytest.mark.parametrize(
    ("left", "right", "letters"),
    [("", "", 0), ("a", "", 1), ("topic", "topci", 1), ("consitency", "consistency", 1), ("qos", "tls", 2)],
)
def test_the_distance_counts_letters(left: str, right: str, letters: int) -> None:
    assert distance(left, right) == letters == distance(right, left)


def test_case_and_hyphens_do_not_count() -> None:
    assert distance("receiveTimeout-ms", "receive_timeout_ms") == 0


def test_short_words_must_be_nearer() -> None:
    known = ("tls", "type", "consistency")

    assert near("tsl", known) == "tls"
    assert near("qos", known) is None
    assert near("consistenc", known) == "consistency"
    assert near("consist", known) is None


def test_the_nearest_has_half_of_its_letters_in_place() -> None:
    assert nearest("xyzzy", ("tls", "type")) is None
    assert nearest("x" * 10_000, ("tls",)) is None
    assert did_you_mean("xyzzy", ("tls", "type")) == "; known are tls, type"
    assert did_you_mean("tlss", ("tls", "type")) == "; did you mean 'tls'?"
