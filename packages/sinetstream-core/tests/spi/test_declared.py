"""What a plugin declares, it has."""

from __future__ import annotations

from typing import Any

import pytest
from sinetstream.errors import UnsupportedServiceTypeError
from sinetstream.spi import Ability
from sinetstream.spi.declared import declared

READING = {
    Ability.ACKNOWLEDGE: ["acknowledge"],
    Ability.KEY: ["attributes"],
    Ability.HEADERS: ["attributes"],
    Ability.TIMESTAMP: ["timestamp_us"],
    Ability.SEEK: ["seek_to_beginning", "seek_to_end"],
    Ability.SEEK_TIME: ["seek_to_time"],
}
WRITING = {Ability.KEY: "key", Ability.HEADERS: "headers", Ability.TIMESTAMP: "timestamp_us"}


def plugin(abilities: Any, **methods: Any) -> Any:
    return type("Plugin", (), {"abilities": abilities, **methods})()


def refusal(made: Any, role: Any) -> str:
    with pytest.raises(UnsupportedServiceTypeError) as caught:
        declared(made, "lab", role)
    return str(caught.value)


@pytest.mark.parametrize(("ability", "methods"), READING.items(), ids=repr)
def test_a_reader_has_each_method_that_its_abilities_need(ability: Ability, methods: list[str]) -> None:
    complete = {name: lambda *given: None for name in methods}

    assert {ability} == declared(plugin({ability}, **complete), "lab", "reader")
    for name in methods:
        assert f"declares {ability!r}, but has no {name}()" in refusal(
            plugin({ability}, **{**complete, name: None}), "reader"
        )


@pytest.mark.parametrize(("ability", "keyword"), WRITING.items(), ids=repr)
def test_publish_of_a_writer_takes_each_keyword_that_its_abilities_need(ability: Ability, keyword: str) -> None:
    def lacking(self: Any, message: bytes) -> None: ...

    def any_keyword(self: Any, message: bytes, **attributes: Any) -> None: ...

    exactly: dict[str, Any] = {}
    exec(f"def publish(self, message, *, {keyword}=None): ...", exactly)

    assert f"its publish() takes no {keyword}" in refusal(plugin({ability}, publish=lacking), "writer")
    for publish in (any_keyword, exactly["publish"], max):
        assert {ability} == declared(plugin({ability}, publish=publish), "lab", "writer")


def test_a_keyword_may_be_positional_too() -> None:
    def publish(self: Any, message: bytes, key: bytes | None = None) -> None: ...

    assert declared(plugin({Ability.KEY}, publish=publish), "lab", "writer")


def test_a_writer_that_declares_transactions_begins_them() -> None:
    assert "has no transaction()" in refusal(plugin({Ability.TRANSACTION}), "writer")
    assert declared(plugin({Ability.TRANSACTION}, transaction=lambda *given: None), "lab", "writer")


@pytest.mark.parametrize("abilities", ["SEEK", [Ability.SEEK], {"SEEK"}])
def test_abilities_are_a_set_of_abilities(abilities: Any) -> None:
    assert "must be a frozenset of sinetstream.spi.Ability" in refusal(plugin(abilities), "reader")


def test_who_declares_nothing_has_none() -> None:
    assert frozenset() == declared(object(), "lab", "reader")
