"""Which topics were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]


@pytest.mark.parametrize("value", ["a", ["a"], ["a", "b"]])
def test_a_reader_keeps_the_form_given(load: Load, value: Any) -> None:
    for settings in (
        load(None, asked=value, type="queue"),
        load(None, type="queue", topic=value),
        load(f"s: {{type: queue, topics: {value}}}"),
        load(f"s: {{type: queue, topic: {value}}}"),
    ):
        assert settings.topics_as_given == value
        assert settings.topics == ((value,) if isinstance(value, str) else tuple(value))


@pytest.mark.parametrize("value", ["a", ["a"], ("a",)])
def test_a_writer_takes_the_one_topic_out_of_its_list(load: Load, value: Any) -> None:
    for settings in (
        load(None, asked=value, type="queue", role="writer"),
        load(None, type="queue", role="writer", topic=value),
        load(f"s: {{type: queue, topics: {list(value)}}}", role="writer"),
    ):
        assert (settings.topics, settings.topics_as_given) == (("a",), "a")


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_no_topic_is_permitted(load: Load, role: str) -> None:
    settings = load("s: {type: queue, topic: , topics: }", role=role, topic=None)

    assert (settings.topics, settings.topics_as_given) == ((), None)


def test_the_argument_comes_before_the_keyword_before_the_file(load: Load) -> None:
    text = "s: {type: queue, topics: [file]}"

    assert load(text, None, "argument", topic="keyword").topics == ("argument",)
    assert load(text, topic="keyword").topics == ("keyword",)
    assert load(text, topics=None).topics == ("file",)


@pytest.mark.parametrize("named", ["topic", "topics"])
@pytest.mark.parametrize("keyword", ["topic", "topics"])
@pytest.mark.parametrize("role", ["reader", "writer"])
def test_a_keyword_replaces_both_of_the_file(load: Load, named: str, keyword: str, role: str) -> None:
    text = f"s: {{type: queue, {named}: file}}"
    settings = load(text, role=role, **{keyword: "keyword"})

    assert settings.topics == ("keyword",)
    assert "file" not in str(settings.params)


def test_a_service_may_have_topics_for_its_readers_and_a_topic_for_its_writers(load: Load) -> None:
    text = "s: {type: queue, topic: out, topics: [in, out]}"

    reader, writer = load(text, role="reader"), load(text, role="writer")

    assert reader.topics == ("in", "out")
    assert writer.topics == ("out",)


@pytest.mark.parametrize("role", ["reader", "writer"])
@pytest.mark.parametrize("value", ["", [], [""], ["a", 1], 7, {"a": 1}, True, [["a"]], [None], b"a"])
def test_wrong_topics_are_refused_wherever_they_come_from(load: Load, role: str, value: Any) -> None:
    argument = "topics" if role == "reader" else "topic"
    with pytest.raises(InvalidArgumentError, match="topic") as first:
        load(None, asked=value, role=role, type="queue")
    with pytest.raises(InvalidArgumentError) as second:
        load("s: {type: queue}", role=role, topic=value)

    assert first.value.path == argument
    assert second.value.path == "services.s.topic"


def test_a_writer_has_one_topic(load: Load) -> None:
    with pytest.raises(InvalidArgumentError, match="one topic"):
        load(None, asked=["a", "b"], role="writer", type="queue")
