"""Secrets are what they are, and print as `***`."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream.config.masking import masked
from sinetstream.masked import MaskedBytes, MaskedInt, MaskedStr
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]


@pytest.mark.parametrize(
    "params",
    [
        {"sasl_plain_password": "hunter2"},
        {"type_spec": {"username_pw": {"username": "u", "password": b"hunter2"}}},
        {"tls": {"keyfilePassword": "hunter2", "keyfile_data": "hunter2"}},
        {"ssl_keyfile_data": b"hunter2"},
        {"token": ["hunter2", {"x": "hunter2"}]},
        {"oauth_access-token": "hunter2"},
        {"aws_secret_access_key": "hunter2"},
        {"ws_options": {"headers": {"Authorization": "Basic hunter2", "Cookie": "hunter2"}}},
        {"crypto": {"key": b"hunter2", "keys": {1: b"hunter2", 2: {"value": "hunter2"}}, "_keys": {1: b"hunter2"}}},
        {"crypto": {"password": {"value": "hunter2"}}},
        {"auth_data": b"hunter2"},
        {"passphrase": ("hunter2",)},
        {"passphrase": {"hunter2"}},
    ],
)
def test_a_secret_does_not_print_and_is_still_equal(params: dict[str, Any]) -> None:
    result = masked(params)

    assert "hunter2" not in repr(result)
    assert "***" in repr(result)
    assert result == params
    assert "hunter2" in repr(params)


def test_a_secret_number_does_not_print_and_is_still_equal() -> None:
    result = masked({"token_pin": 1234})

    assert "{'token_pin': ***}" == f"{result}" == f"{pickle.loads(pickle.dumps(result))}"
    assert (1234, "1234") == (result["token_pin"], str(result["token_pin"]))


@pytest.mark.parametrize("value", [True, False, None])
def test_what_says_yes_no_or_nothing_prints(value: bool | None) -> None:
    assert masked({"password": value})["password"] is value


def test_what_is_no_secret_prints() -> None:
    params = {"brokers": ["b:1"], "crypto": {"password": {"path": "/run/secret"}, "key_length": 128}, "client_id": "c"}

    assert repr(masked(params)) == repr(params)


def test_a_masked_value_is_usable() -> None:
    text, data, number = MaskedStr("hunter2"), MaskedBytes(b"hunter2"), MaskedInt(42)

    assert (str(text), f"{text}", text.encode(), json.dumps(text)) == ("hunter2", "hunter2", b"hunter2", '"hunter2"')
    assert (bytes(data), data.decode()) == (b"hunter2", "hunter2")
    assert (str(number), number + 1) == ("42", 43)
    assert f"{[text, data, number]}" == "['***', b'***', ***]"
    assert "hunter2" not in str(data)


def test_a_mask_survives_copying_and_pickling() -> None:
    value = [MaskedStr("hunter2"), MaskedBytes(b"hunter2"), MaskedInt(42)]

    for again in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (repr(again), again) == (repr(value), value)


def test_settings_do_not_print_their_secrets(load: Load) -> None:
    Path("password").write_text("hunter2")
    settings = load(
        "s: {type: queue, data_encryption: true, crypto: {password: hunter2}, sasl_plain_password: hunter2, pasword: 1}"
    )
    filed = load(None, type="queue", data_encryption=True, crypto={"password": {"path": "password"}})

    assert "hunter2" not in repr(settings) + repr(filed) + str(settings)
