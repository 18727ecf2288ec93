"""Which cipher and which keys, and what is said of weak ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import EncryptionSettings, KeyDerivation, ServiceSettings

Load = Callable[..., ServiceSettings]
STRONG = {"salt_bytes": 16, "iteration": 600_000}


def encryption(load: Load, **crypto: Any) -> EncryptionSettings:
    settings = load(None, type="queue", data_encryption=True, crypto=crypto).codec.encryption
    assert settings is not None
    return settings


def refusal(load: Load, path: str, **crypto: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        encryption(load, **crypto)
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


def secret(load: Load, **crypto: Any) -> bytes:
    return encryption(load, **crypto).keys[1].value


def test_a_password_alone_is_aes_256_gcm_with_600_000_iterations(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    settings = encryption(load, password="hunter2")

    assert (settings.mode, settings.key_bits, settings.padded) == ("GCM", 256, False)
    assert settings.derivation == KeyDerivation("sha256", 16, 600_000)
    assert (settings.keys[1].value, settings.keys[1].is_password) == (b"hunter2", True)
    assert not caplog.records


@pytest.mark.parametrize("named", [{"mode": "GCM"}, {"algorithm": "AES", "mode": "GCM"}, {"mode": "gcm"}])
def test_where_one_is_named_the_defaults_are_the_peers_with_one_warning(
    load: Load, caplog: pytest.LogCaptureFixture, named: dict[str, str]
) -> None:
    settings = [encryption(load, password="hunter2", **named) for _ in range(2)]

    assert (settings[0].mode, settings[0].key_bits, settings[0].padded) == ("GCM", 128, False)
    assert settings[0].derivation == KeyDerivation("sha256", 8, 10_000)
    assert len(caplog.records) == 1
    assert "10,000 iterations" in caplog.text
    assert "hunter2" not in caplog.text


def test_an_algorithm_without_a_mode_is_told_the_modes(load: Load) -> None:
    assert "CBC, CFB, CTR, EAX, GCM, OFB" in refusal(load, "crypto.mode", algorithm="AES", password="hunter2")


@pytest.mark.parametrize("mode", ["CBC", "CTR", "OFB", "CFB"])
def test_an_unauthenticated_mode_works_and_warns(load: Load, caplog: pytest.LogCaptureFixture, mode: str) -> None:
    settings = encryption(load, mode=mode, padding="pkcs7", password="p", key_derivation=STRONG)

    assert (settings.mode, settings.padded) == (mode, True)
    assert f"mode {mode} does not notice" in caplog.text


@pytest.mark.parametrize(
    ("derivation", "said"),
    [({**STRONG, "iteration": 99_999}, "99,999 iterations"), ({**STRONG, "salt_bytes": 8}, "salt of 8 bytes")],
)
def test_weak_derivation_works_and_warns(
    load: Load, caplog: pytest.LogCaptureFixture, derivation: Any, said: str
) -> None:
    encryption(load, password="p", key_derivation=derivation)

    assert said in caplog.text


def test_strong_settings_and_raw_keys_do_not_warn(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    encryption(load, mode="EAX", password="p", key_derivation=STRONG)
    encryption(load, mode="GCM", key=bytes(16))

    assert not caplog.records


@pytest.mark.parametrize("mode", ["OPENPGP", "OPENPGPCFB"])
def test_openpgp_is_refused_with_a_reason(load: Load, mode: str) -> None:
    assert "not supported" in refusal(load, "crypto.mode", mode=mode, password="hunter2")


@pytest.mark.parametrize(
    ("path", "crypto"),
    [
        ("crypto.algorithm", {"algorithm": "DES", "mode": "GCM"}),
        ("crypto.algorithm", {"algorithm": 7}),
        ("crypto.mode", {"mode": "ECB"}),
        ("crypto.mode", {"mode": 7}),
        ("crypto.key_length", {"key_length": 129}),
        ("crypto.key_length", {"key_length": "128"}),
        ("crypto.key_length", {"key_length": 128.0}),
        ("crypto.key_length", {"key_length": True}),
        ("crypto.key_length", {"key_length": None}),
        ("crypto.padding", {"padding": "pkcs5"}),
        ("crypto.padding", {"padding": False}),
        ("crypto.padding", {"mode": "CBC"}),
        ("crypto.padding", {"mode": "CBC", "padding": "none"}),
        ("crypto.encoding", {"encoding": "utf-16"}),
        ("crypto.key_derivation", {"key_derivation": "pbkdf2"}),
        ("crypto.key_derivation.algorithm", {"key_derivation": {"algorithm": "scrypt"}}),
        ("crypto.key_derivation.prf", {"key_derivation": {"prf": "HMAC-MD5"}}),
        ("crypto.key_derivation.salt_bytes", {"key_derivation": {"salt_bytes": 0}}),
        ("crypto.key_derivation.salt_bytes", {"key_derivation": {"salt_bytes": 1025}}),
        ("crypto.key_derivation.salt_bytes", {"key_derivation": {"salt_bytes": "8"}}),
        ("crypto.key_derivation.iteration", {"key_derivation": {"iteration": 0}}),
        ("crypto.key_derivation.iteration", {"key_derivation": {"iteration": True}}),
        ("crypto.key_derivation.iteration", {"key_derivation": {"iteration": 2**31}}),
    ],
)
def test_a_wrong_parameter_is_refused_at_its_place(load: Load, path: str, crypto: dict[str, Any]) -> None:
    refusal(load, path, password="hunter2", **crypto)


def test_misspelt_parameters_are_told_the_nearest(load: Load) -> None:
    assert "'password'" in refusal(load, "crypto.pasword", pasword="hunter2")
    assert "'iteration'" in refusal(
        load, "crypto.key_derivation.iterations", password="hunter2", key_derivation={"iterations": 5}
    )


@pytest.mark.parametrize("key", ["salt_bytes", "iteration", "prf"])
def test_a_parameter_of_the_derivation_is_told_its_place(load: Load, key: str) -> None:
    assert f"crypto.key_derivation.{key}" in refusal(load, f"crypto.{key}", password="hunter2", **{key: 8})


@pytest.mark.parametrize(
    ("derivation", "expected"),
    [
        ({"prf": "HMAC-SHA512", **STRONG}, KeyDerivation("sha512", 16, 600_000)),
        ({"prf": "HMAC-SHA384", "salt_bytes": 1}, KeyDerivation("sha384", 1, 600_000)),
        ({"algorithm": "PBKDF2WithHmacSHA256", "iteration": 1}, KeyDerivation("sha256", 16, 1)),
    ],
)
def test_the_derivation_is_typed(load: Load, derivation: Any, expected: KeyDerivation) -> None:
    assert encryption(load, password="p", key_derivation=derivation).derivation == expected


@pytest.mark.parametrize(("padding", "padded"), [(None, False), ("none", False), ("NoPadding", False), ("pkcs7", True)])
def test_padding_is_none_or_pkcs7(load: Load, padding: Any, padded: bool) -> None:
    assert encryption(load, password="p", padding=padding).padded is padded


def test_a_password_is_text_or_bytes_or_a_value(load: Load) -> None:
    assert secret(load, password="pass") == b"pass"
    assert secret(load, password=b"\xff") == b"\xff"
    assert secret(load, password={"value": "pass"}) == b"pass"
    assert secret(load, password={"value": b"pass", "path": None}) == b"pass"


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"pass", b"pass"),
        (b"pass\n", b"pass"),
        (b"pass\r\n", b"pass"),
        (b"pass\n\n", b"pass\n"),
        (b" pass ", b" pass "),
        ("é".encode(), "é".encode()),
        (b"\xe9\n", b"\xe9"),
    ],
)
def test_a_password_file_loses_one_line_end(load: Load, home: Path, content: bytes, password: bytes) -> None:
    (home / "password").write_bytes(content)

    assert secret(load, password={"path": "~/password"}) == password
    assert secret(load, password={"path": home / "password"}) == password


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"x" * 70_000])
def test_a_password_file_without_a_password_is_refused(load: Load, home: Path, content: bytes) -> None:
    (home / "password").write_bytes(content)

    refusal(load, "crypto.password.path", password={"path": "~/password"})


@pytest.mark.parametrize("path", ["missing", ".", "a\0b", "x" * 5000, "~nobody-of-that-name/x", 7, b"x"])
def test_a_password_file_that_cannot_be_read_is_refused(load: Load, path: Any) -> None:
    refusal(load, "crypto.password.path", password={"path": path})


@pytest.mark.parametrize(
    ("path", "password"),
    [
        ("crypto.password", ""),
        ("crypto.password", b""),
        ("crypto.password", 7),
        ("crypto.password", ["hunter2"]),
        ("crypto.password", {}),
        ("crypto.password", {"value": "hunter2", "path": "x"}),
        ("crypto.password.vlaue", {"vlaue": "hunter2"}),
        ("crypto.password.value", {"value": 7}),
        ("crypto.password.value", {"value": ""}),
        ("crypto.password", "\ud800hunter2"),
    ],
)
def test_another_password_is_refused_and_never_shown(load: Load, path: str, password: Any) -> None:
    refusal(load, path, password=password)


def test_the_encoding_of_a_password_is_utf8_or_latin1(load: Load, home: Path) -> None:
    (home / "password").write_bytes("é\n".encode())

    assert secret(load, password="é") == b"\xc3\xa9"
    assert secret(load, password="é", encoding="latin-1") == b"\xe9"
    assert secret(load, password={"path": "~/password"}, encoding="latin-1") == b"\xe9"
    assert "latin-1" in refusal(load, "crypto.password", password="hunter2鍵", encoding="latin-1")


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_a_raw_key_has_the_length_that_is_said(load: Load, bits: int) -> None:
    key = bytes(range(bits // 8))
    settings = encryption(load, key=key, key_length=bits)

    assert (settings.keys[1].value, settings.keys[1].is_password) == (key, False)
    for wrong in (key[1:], key + b"x", b""):
        assert f"{bits // 8} bytes" in refusal(load, "crypto.key", key=wrong, key_length=bits)


def test_a_raw_key_is_bytes(load: Load) -> None:
    assert "!!binary" in refusal(load, "crypto.key", key="hunter2")
    refusal(load, "crypto.key", key=7)


def test_several_versions_are_keys_or_passwords(load: Load, home: Path) -> None:
    (home / "p").write_text("filed\n")
    keys = encryption(load, keys={1: bytes(32), 2: "text", 7: {"value": b"bytes"}, 32767: {"path": "~/p"}}).keys

    assert {version: (s.value, s.is_password) for version, s in keys.items()} == {
        1: (bytes(32), False),
        2: (b"text", True),
        7: (b"bytes", True),
        32767: (b"filed", True),
    }


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("keys", {1: bytes(32), 3: bytes(32)}),
        ("keys", {1: "hunter2", 2: "other", 3: {"value": b"hunter2"}}),
        ("_keys", {1: bytes(32), 3: bytes(32)}),
    ],
)
def test_two_versions_have_two_secrets(load: Load, name: str, keys: dict[int, Any]) -> None:
    """Else the version in a message's header could be changed without being noticed."""
    assert "is the same secret as version 1" in refusal(load, f"crypto.{name}.3", **{name: keys})


def test_the_peers_keys_are_raw(load: Load) -> None:
    assert encryption(load, _keys={3: bytes(32)}).keys[3].value == bytes(32)
    refusal(load, "crypto._keys.3", _keys={3: "hunter2"})


@pytest.mark.parametrize("name", ["keys", "_keys"])
@pytest.mark.parametrize("version", [0, -1, 32768, "1", True, 1.0, None, 2**200])
def test_another_version_is_refused(load: Load, name: str, version: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="from 1 to 32767"):
        encryption(load, **{name: {version: bytes(32)}})


@pytest.mark.parametrize("name", ["keys", "_keys"])
@pytest.mark.parametrize("value", [{}, ["hunter2"], "hunter2"])
def test_keys_are_a_mapping_with_something_in_it(load: Load, name: str, value: Any) -> None:
    refusal(load, f"crypto.{name}", **{name: value})


def test_a_wrong_key_is_named_with_its_version(load: Load) -> None:
    refusal(load, "crypto.keys.2", keys={1: bytes(32), 2: bytes(31)})
    refusal(load, "crypto.keys.2", keys={2: None})
    refusal(load, "crypto.keys.2.path", keys={2: {"path": "missing"}})


@pytest.mark.parametrize(
    "crypto",
    [
        {"password": "hunter2", "key": bytes(32)},
        {"password": "hunter2", "keys": {1: "hunter2"}},
        {"key": bytes(32), "keys": {1: "hunter2"}},
        {"keys": {1: "hunter2"}, "_keys": {1: bytes(32)}},
    ],
)
def test_there_is_one_way_to_the_key(load: Load, crypto: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="give one of password, key, keys"):
        encryption(load, **crypto)


@pytest.mark.parametrize("crypto", [{}, {"password": None}, {"key": None, "mode": "GCM"}])
def test_encryption_without_a_key_names_the_three(load: Load, crypto: Any) -> None:
    message = refusal(load, "crypto.password", **crypto)

    assert all(name in message for name in ("password", "key", "keys"))


def test_where_encryption_is_off_only_the_type_of_the_section_matters(load: Load) -> None:
    assert load(None, type="queue", data_encryption=False, crypto={"mode": "ECB"}).codec.encryption is None
    with pytest.raises(InvalidArgumentError, match="crypto: must be a mapping"):
        load(None, type="queue", crypto="hunter2")


def test_a_part_with_encoding_of_its_own_is_parsed_the_same() -> None:
    from sinetstream.config import codec_settings

    part = {"topic": "t", "payload": b"x", "data_encryption": True, "crypto": {"mode": "GCM"}}
    with pytest.raises(InvalidArgumentError, match=r"^services\.s\.type_spec\.will\.crypto\.password"):
        codec_settings(part, "services.s.type_spec.will")

    assert codec_settings({"value_type": "text", "qos": 1}).value_type.name == "text"
