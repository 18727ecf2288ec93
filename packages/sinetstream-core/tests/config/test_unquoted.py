"""A secret without quotes is taken as it stands in the file, or refused: YAML's reading of it never goes on in silence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError, InvalidConfigError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]
V2 = "header: {version: 2}\nconfig: "
V3 = "header: {version: 3}\nconfig: "


@pytest.mark.parametrize("version", ["", V2])
@pytest.mark.parametrize("text", ["12345", "0", "-7", "1234.5"])
def test_what_can_only_mean_itself_is_taken_as_it_stands_with_a_warning_in_versions_1_and_2(
    load: Load, caplog: pytest.LogCaptureFixture, version: str, text: str
) -> None:
    with caplog.at_level(logging.WARNING):
        params = load(f"{version}{{s: {{type: queue, username_pw: {{username: 17, password: {text}}}}}}}").params

    assert {"username": 17, "password": text} == params["username_pw"]
    assert "'password': '***'" in repr(params)
    [line] = caplog.messages
    assert line.startswith("services.s.username_pw.password: must be text")
    assert "quotes" in line
    assert text not in line.replace("services.s.", "")


@pytest.mark.parametrize("version", ["", V2, V3])
@pytest.mark.parametrize(
    "text",
    ["01234", "0x1F", "+5", "1_000", "12:34", "1234.50", "1.0e+9", ".inf", "yes", "off", "True", "2024-01-02"],
)
def test_what_can_mean_something_else_is_refused_and_says_to_quote_it(load: Load, version: str, text: str) -> None:
    with pytest.raises(InvalidConfigError, match="put it in quotes") as caught:
        load(f"{version}{{s: {{type: queue, type_spec: {{keyfile_password: {text}}}}}}}")

    assert "services.s.type_spec.keyfile_password" == caught.value.path
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["12345", "1234.5"])
def test_version_3_asks_for_quotes_in_any_case(load: Load, text: str) -> None:
    with pytest.raises(InvalidConfigError, match="put it in quotes"):
        load(f"{V3}{{s: {{type: queue, type_spec: {{password: {text}}}}}}}")


@pytest.mark.parametrize(
    ("crypto", "path"),
    [
        ("password: 01234", "password"),
        ("password: {value: 01234}", "password.value"),
        ("keys: {1: 01234}", "keys.1"),
        ("keys: {1: {value: 01234}}", "keys.1.value"),
        ("key: 01234", "key"),
    ],
)
def test_the_secrets_of_crypto_are_told_by_their_place(load: Load, crypto: str, path: str) -> None:
    with pytest.raises(InvalidConfigError, match="put it in quotes") as caught:
        load(f"{V3}{{s: {{type: queue, data_encryption: true, crypto: {{{crypto}}}}}}}")

    assert f"services.s.crypto.{path}" == caught.value.path


def test_a_password_of_digits_encrypts_as_the_text_it_is(load: Load) -> None:
    encryption = load("s: {type: queue, data_encryption: true, crypto: {password: 12345}}").codec.encryption

    assert encryption is not None
    assert b"12345" == encryption.keys[1].value


def test_quoted_text_and_text_that_yaml_reads_as_text_need_nothing(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    spec = "{password: '01234', token: \"yes\", secret: 09, passphrase: null}"
    params = load(f"{V3}{{s: {{type: queue, type_spec: {spec}}}}}").params

    assert {"password": "01234", "token": "yes", "secret": "09", "passphrase": None} == params["type_spec"]
    assert [] == caplog.messages


def test_what_is_no_secret_text_is_what_yaml_reads(load: Load) -> None:
    spec = "{token_ttl: 300, use: yes, shared: &x 0123, also: *x, keys: 5}"
    params = load(f"{V3}{{token: {{type: queue, type_spec: {spec}}}}}").params

    assert {"token_ttl": 300, "use": True, "shared": 83, "also": 83, "keys": 5} == params["type_spec"]


def test_an_alias_is_judged_where_it_stands(load: Load) -> None:
    with pytest.raises(InvalidConfigError, match="quotes") as caught:
        load(f"{V3}{{s: {{type: queue, type_spec: {{count: &x 0123, password: *x}}}}}}")

    assert "services.s.type_spec.password" == caught.value.path


def test_a_merged_mapping_keeps_its_texts(load: Load) -> None:
    text = "{s: {type: queue, a: &a {password: 5}, b: {<<: *a, more: 5}}}"

    assert {"password": "5", "more": 5} == load(text).params["b"]


def test_a_keyword_replaces_what_the_file_has_without_quotes(load: Load) -> None:
    text = f"{V3}{{s: {{type: queue, type_spec: {{password: 01234}}}}}}"

    assert {"password": "given"} == load(text, type_spec={"password": "given"}).params["type_spec"]


@pytest.mark.parametrize("value", [1.5, float("nan")])
def test_a_number_with_a_point_is_no_secret_in_code_either(load: Load, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be text") as caught:
        load(None, type="queue", type_spec={"password": value})

    assert "type_spec.password" == caught.value.path
