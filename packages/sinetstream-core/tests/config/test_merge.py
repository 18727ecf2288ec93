"""Keywords over the file over the defaults, without touching what was given."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from sinetstream.config import copied
from sinetstream.errors import InvalidArgumentError
from sinetstream.masked import mask
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]


def test_keywords_come_before_the_file_key_by_key(load: Load) -> None:
    text = "s: {type: queue, consistency: AT_LEAST_ONCE, type_spec: {a: 1, deep: {x: [1, 2], y: 2}}}"
    settings = load(text, type_spec={"deep": {"x": [3]}, "b": 2}, receive_timeout_ms=5)

    assert settings.consistency.name == "AT_LEAST_ONCE"
    assert settings.receive_timeout_ms == 5
    assert settings.params["type_spec"] == {"a": 1, "b": 2, "deep": {"x": [3], "y": 2}}


def test_what_the_caller_gave_is_neither_changed_nor_shared(load: Load) -> None:
    keywords: dict[str, Any] = {
        "type": "queue",
        "tls": {"ca_certs_data": "x"},
        "type_spec": {"will": {"payload": b"x", "list": [{"a": 1}], "tuple": ({"a": 1},)}},
        "data_encryption": False,
        "crypto": {"password": {"value": "p"}},
        "brokers": ["a"],
        "value_type": {"name": "x", "args": {"a": [1]}},
    }
    before = copy.deepcopy(keywords)
    topics = ["a"]
    settings = load(None, asked=topics, **keywords)

    assert keywords == before
    params = settings.params
    params["type_spec"]["will"]["list"][0]["a"] = 2
    params["type_spec"]["will"]["tuple"][0]["a"] = 2
    params["brokers"].append("b")
    params["tls"]["x"] = 1
    params["crypto"]["password"]["value"] = "q"
    settings.topics_as_given.append("b")  # type: ignore[union-attr]
    assert keywords == before
    assert topics == ["a"]


def test_objects_are_kept_as_they_are(load: Load) -> None:
    stream, provider = io.BytesIO(), object()
    settings = load(None, type="queue", on_invalid=print, type_spec={"stream": stream, "list": [provider]})

    assert settings.params["type_spec"]["stream"] is stream
    assert settings.params["type_spec"]["list"][0] is provider


def test_any_mapping_serves_as_one(load: Load) -> None:
    assert load(None, type="queue", type_spec=MappingProxyType({"a": 1})).params["type_spec"] == {"a": 1}


@pytest.mark.parametrize(
    ("written", "given", "merged"),
    [
        ("value_type: text", {"value_type": {"name": "image"}}, {"value_type": {"name": "image"}}),
        ("value_type: {name: x, args: {a: 1}}", {"value_type": {"name": "y"}}, {"value_type": {"name": "y"}}),
        ("value_type: {name: x, args: {a: 1}}", {"value_type": "y"}, {"value_type": "y"}),
        (
            "value_type: {name: x, args: {a: 1}}",
            {"value_type": {"args": {"a": 2}}},
            {"value_type": {"name": "x", "args": {"a": 2}}},
        ),
        ("tls: true", {"tls": {"ca_certs": "x"}}, {"tls": {"ca_certs": "x"}}),
        ("tls: {ca_certs: x}", {"tls": False}, {"tls": False}),
        ("crypto: {password: {path: x}}", {"crypto": {"key": b"k"}}, {"crypto": {"key": b"k"}}),
        (
            "crypto: {password: {path: x}}",
            {"crypto": {"password": {"value": "p"}}},
            {"crypto": {"password": {"value": "p"}}},
        ),
        ("crypto: {keys: {1: a}}", {"crypto": {"keys": {2: "b"}}}, {"crypto": {"keys": {1: "a", 2: "b"}}}),
        ("crypto: {mode: GCM}", {"crypto": {"password": "p"}}, {"crypto": {"mode": "GCM", "password": "p"}}),
        ("tls: true", {"tls": None}, {"tls": True}),
    ],
)
def test_what_belongs_together_is_replaced_together(load: Load, written: str, given: Any, merged: Any) -> None:
    assert load(f"s: {{type: queue, {written}}}", **given).params == {"type": "queue", **merged}


def test_a_mapping_over_a_scalar_and_the_reverse_are_judged_by_the_result(load: Load) -> None:
    assert load("s: {type: queue, type_spec: 7}", type_spec={"a": 1}).params["type_spec"] == {"a": 1}
    with pytest.raises(InvalidArgumentError, match=r"services\.s\.type_spec: must be a mapping"):
        load("s: {type: queue, type_spec: {a: 1}}", type_spec=7)


def test_a_null_receive_timeout_overrides_the_file(load: Load) -> None:
    assert load("s: {type: queue, receive_timeout_ms: 5}", receive_timeout_ms=None).receive_timeout_ms == math.inf


def test_a_mapping_that_contains_itself_is_refused(load: Load) -> None:
    circle: dict[str, Any] = {}
    circle["a"] = [circle]

    with pytest.raises(InvalidArgumentError, match="levels deep"):
        load(None, type="queue", type_spec=circle)


def test_a_copy_keeps_masks() -> None:

    secret = {"a": [mask("x"), mask(b"x")]}

    assert repr(copied(secret)) == repr(copy.deepcopy(secret)) == "{'a': ['***', b'***']}"
