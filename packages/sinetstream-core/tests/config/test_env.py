"""Environment references in a file of version 3."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sinetstream.errors import InvalidArgumentError, InvalidConfigError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]
V3 = "header:\nconfig: "


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "first")
    monkeypatch.setenv("B_2", "${A}")
    monkeypatch.delenv("UNSET", raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "first"),
        ("x${A}y${A}z", "xfirstyfirstz"),
        ("${B_2}", "${A}"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$${", "${"),
        ("$A {A} $", "$A {A} $"),
    ],
)
def test_a_reference_is_replaced_once(load: Load, text: str, value: str) -> None:
    settings = load(f"{V3}{{s: {{type: queue, topic: '{text}', type_spec: {{deep: [{{x: '{text}'}}]}}}}}}")

    assert settings.topics == (value,)
    assert settings.params["type_spec"]["deep"][0]["x"] == value


def test_an_unset_variable_is_named_with_its_place(load: Load) -> None:
    with pytest.raises(InvalidConfigError, match="UNSET is not set") as caught:
        load(V3 + "{s: {type: queue, type_spec: {a: [x, '${UNSET}']}}}")

    assert caught.value.path == "services.s.type_spec.a.1"


@pytest.mark.parametrize("text", ["${", "hunter2${}", "${hunter2-x}", "${1A}", "${A"])
def test_a_broken_reference_is_refused_without_its_value(load: Load, text: str) -> None:
    with pytest.raises(InvalidConfigError, match=r"services\.s\.topic: ") as caught:
        load(f"{V3}{{s: {{type: queue, topic: '{text}'}}}}")

    assert "hunter2" not in str(caught.value)


def test_what_a_keyword_replaces_is_not_looked_up(load: Load) -> None:
    assert load(V3 + "{s: {type: queue, topic: '${UNSET}'}}", topic="t").topics == ("t",)


@pytest.mark.parametrize("version", ["", "header: {version: 2}\nconfig: "])
def test_the_older_versions_have_no_references(load: Load, version: str) -> None:
    assert load(version + "{s: {type: queue, topic: '${UNSET}'}}").topics == ("${UNSET}",)


def test_keywords_have_no_references(load: Load) -> None:
    assert load(None, type="queue", topic="${UNSET}").topics == ("${UNSET}",)


def test_a_value_from_the_environment_is_not_printed(load: Load) -> None:
    settings = load(V3 + "{s: {type: queue, type_spec: {uri: 'https://u:${A}@h'}}}")
    with pytest.raises(InvalidArgumentError) as caught:
        load(V3 + "{s: {type: queue, consistency: '${A}'}}")

    assert "first" not in repr(settings)
    assert "first" not in str(caught.value)
