"""A section without its switch does not go unnoticed: nobody sends in the clear who wrote down a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sinetstream.config import check_switches
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]
SECTIONS = [
    ("crypto", "data_encryption", {"password": "hunter2"}),
    ("compression", "data_compression", {"algorithm": "gzip"}),
]
sections = pytest.mark.parametrize(("name", "switch", "content"), SECTIONS)
IN_FILE = "s: {{type: queue, {}: {}}}"


@sections
def test_in_version_3_it_is_an_error_that_names_both(load: Load, name: str, switch: str, content: Any) -> None:
    for text, keywords, path in (
        ("header:\nconfig: {" + IN_FILE.format(name, content) + "}", {}, f"services.s.{name}"),
        ("header:\nconfig: {s: {type: queue}}", {name: content}, f"services.s.{name}"),
        (None, {"type": "queue", name: content}, name),
    ):
        with pytest.raises(InvalidArgumentError, match=f"{switch}: true") as caught:
            load(text, **keywords)
        assert path == caught.value.path
        assert str(caught.value).startswith(f"{path}: ")
        assert "hunter2" not in str(caught.value)


@sections
@pytest.mark.parametrize("header", ["", "header: {version: 2}\nconfig: "])
def test_in_versions_1_and_2_it_is_one_warning(
    load: Load, caplog: pytest.LogCaptureFixture, header: str, name: str, switch: str, content: Any
) -> None:
    for _ in range(2):
        load(f"{header}{{{IN_FILE.format(name, content)}}}")

    [line] = caplog.messages
    assert line.startswith(f"services.s.{name}: has no effect without services.s.{switch}")


@sections
@pytest.mark.parametrize("text", ["header:\nconfig: {s: {type: queue}}", "s: {type: queue}", None])
def test_an_explicit_false_is_taken_with_one_warning(
    load: Load, caplog: pytest.LogCaptureFixture, text: str | None, name: str, switch: str, content: Any
) -> None:
    for _ in range(2):
        load(text, **{"type": "queue", name: content, switch: False})

    [line] = caplog.messages
    assert f"{name}: has no effect, because {switch} is false" in line


@sections
def test_the_switch_counts_wherever_it_was_merged_from(
    load: Load, caplog: pytest.LogCaptureFixture, name: str, switch: str, content: Any
) -> None:
    load(f"header:\nconfig: {{s: {{type: queue, {switch}: true}}}}", **{name: content})
    load("header:\nconfig: {" + IN_FILE.format(name, content) + "}", **{switch: True})

    assert [] == caplog.messages


@pytest.mark.parametrize("name", ["crypto", "compression"])
@pytest.mark.parametrize("content", [None, {}])
def test_a_section_without_content_says_nothing(
    load: Load, caplog: pytest.LogCaptureFixture, name: str, content: Any
) -> None:
    load(None, **{"type": "queue", name: content})

    assert [] == caplog.messages


@sections
def test_a_part_has_the_switches_around_it(
    caplog: pytest.LogCaptureFixture, name: str, switch: str, content: Any
) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^type_spec.will.{name}: "):
        check_switches({name: content}, "type_spec.will", 3, {})
    check_switches({name: content}, "type_spec.will", 3, {switch: True})
    check_switches({switch: False}, "type_spec.will", 3, {switch: True, name: content})

    assert [] == caplog.messages
