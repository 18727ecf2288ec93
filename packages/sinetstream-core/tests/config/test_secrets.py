"""Encrypted values of a file."""

from __future__ import annotations

import base64
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from sinetstream.errors import InvalidConfigError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 1024)
V3 = "header:\nconfig: "


def container(plain: bytes, key: rsa.RSAPrivateKey = KEY, aes_bytes: int = 16, header: bytes = b"\0\1\1\1") -> bytes:
    secret, nonce = os.urandom(aes_bytes), os.urandom(12)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    start = header + key.public_key().encrypt(secret, oaep) + nonce
    return start + AESGCM(secret).encrypt(nonce, plain, start)


def tagged(data: bytes) -> str:
    return f"!sinetstream/encrypted '{base64.b64encode(data).decode()}'"


def install(home: Path, pem: bytes, mode: int = 0o600) -> Path:
    file = home / ".config/sinetstream/private_key.pem"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pem)
    file.chmod(mode)
    return file


def pem(key: Any = KEY, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes | None = None) -> bytes:
    secrecy = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    data: bytes = key.private_bytes(Encoding.PEM, form, secrecy)
    return data


def refused(load: Load, value: str) -> str:
    with pytest.raises(InvalidConfigError) as caught:
        load(f"{V3}{{s: {{type: queue, type_spec: {{password: {value}}}}}}}")
    assert caught.value.path == "services.s.type_spec.password"
    assert str(caught.value).startswith("services.s.type_spec.password: ")
    return str(caught.value)


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH])
@pytest.mark.parametrize("aes_bytes", [16, 24, 32])
def test_a_value_is_decrypted_as_masked_text(load: Load, home: Path, form: PrivateFormat, aes_bytes: int) -> None:
    install(home, pem(form=form))
    value = tagged(container("hünter2".encode(), aes_bytes=aes_bytes))
    params = load(f"{V3}{{s: {{type: queue, type_spec: {{user: {value}, list: [{value}]}}}}}}").params

    assert params["type_spec"] == {"user": "hünter2", "list": ["hünter2"]}
    assert "hünter2" not in repr(params)


@pytest.mark.parametrize("version", ["", "header: {version: 2}\nconfig: ", V3])
def test_every_version_has_encrypted_values(load: Load, home: Path, version: str) -> None:
    install(home, pem())

    assert load(f"{version}{{s: {{type: queue, topic: {tagged(container(b't'))}}}}}").topics == ("t",)


def test_a_password_is_text_and_a_raw_key_is_bytes(load: Load, home: Path) -> None:
    install(home, pem())
    raw = b"abcdefghijklmnop" * 2
    for crypto, version, value, is_password in (
        (f"password: {tagged(container(b'hunter2'))}", 1, b"hunter2", True),
        (f"password: {{value: {tagged(container(b'hunter2'))}}}", 1, b"hunter2", True),
        (f"key: {tagged(container(raw))}", 1, raw, False),
        (f"keys: {{5: {tagged(container(raw))}}}", 5, raw, False),
        (f"keys: {{5: {{value: {tagged(container(raw))}}}}}", 5, raw, True),
        (f"_keys: {{5: {tagged(container(raw))}}}", 5, raw, False),
    ):
        encryption = load(f"{V3}{{s: {{type: queue, data_encryption: true, crypto: {{{crypto}}}}}}}").codec.encryption
        assert encryption is not None
        assert (encryption.keys[version].value, encryption.keys[version].is_password) == (value, is_password)


def test_what_is_not_text_is_bytes(load: Load, home: Path) -> None:
    install(home, pem())

    value = tagged(container(b"\xff"))

    assert load(f"{V3}{{s: {{type: queue, type_spec: {{x: {value}}}}}}}").params["type_spec"] == {"x": b"\xff"}


def test_the_passphrase_comes_from_the_environment(load: Load, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(home, pem(passphrase=b"open"))
    text = f"{V3}{{s: {{type: queue, topic: {tagged(container(b't'))}}}}}"

    with pytest.raises(InvalidConfigError, match="set SINETSTREAM_PRIVATE_KEY_PASSPHRASE"):
        load(text)
    monkeypatch.setenv("SINETSTREAM_PRIVATE_KEY_PASSPHRASE", "wrong")
    with pytest.raises(InvalidConfigError, match="SINETSTREAM_PRIVATE_KEY_PASSPHRASE is wrong"):
        load(text)
    monkeypatch.setenv("SINETSTREAM_PRIVATE_KEY_PASSPHRASE", "open")
    assert load(text).topics == ("t",)
    install(home, pem())
    assert load(text).topics == ("t",)


def test_the_key_is_read_for_the_chosen_service_only_and_each_time(load: Load, home: Path) -> None:
    text = f"{V3}{{s: {{type: queue}}, t: {{type: queue, topic: {tagged(container(b't'))}}}}}"

    assert load(text, "s").type == "queue"
    assert load(text, "t", topic="mine").topics == ("mine",)
    file = install(home, pem())
    assert load(text, "t").topics == ("t",)
    file.unlink()
    with pytest.raises(InvalidConfigError, match="cannot read the private key"):
        load(text, "t")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such mode")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_key_that_others_can_read_is_refused_with_the_way_out(load: Load, home: Path, mode: int) -> None:
    file = install(home, pem(), mode)

    assert f"chmod 600 {file}" in refused(load, tagged(container(b"x")))


@pytest.mark.parametrize(
    "content", [b"", b"hunter2", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_no_key_is_refused(load: Load, home: Path, content: bytes) -> None:
    install(home, content)

    assert "PEM" in refused(load, tagged(container(b"x")))


def test_a_key_of_another_kind_is_refused(load: Load, home: Path) -> None:
    install(home, pem(ec.generate_private_key(ec.SECP256R1())))

    assert "RSA" in refused(load, tagged(container(b"x")))


def test_a_value_for_another_key_is_refused(load: Load, home: Path) -> None:
    install(home, pem())

    for key in (OTHER, rsa.generate_private_key(65537, 2048)):
        refused(load, tagged(container(b"hunter2", key)))


def test_every_flipped_bit_and_every_cut_is_refused(load: Load, home: Path) -> None:
    from sinetstream.config.private_key import PrivateKey

    key, whole = PrivateKey(OTHER, "test"), container(b"hunter2", OTHER)
    assert key.open(whole) == b"hunter2"
    for place in range(len(whole)):
        for altered in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]):
            with pytest.raises(InvalidConfigError):
                key.open(altered)
    with pytest.raises(InvalidConfigError):
        key.open(whole + b"x")


@pytest.mark.parametrize("header", [b"\0\2\1\1", b"\1\1\1\1", b"\0\1\2\1", b"\0\1\1\2"])
def test_another_kind_of_container_is_refused(load: Load, home: Path, header: bytes) -> None:
    install(home, pem())

    assert "version 1" in refused(load, tagged(container(b"x", header=header)))


def test_a_symmetric_key_of_a_wrong_length_is_refused(load: Load, home: Path) -> None:
    install(home, pem())
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)

    refused(load, tagged(b"\0\1\1\1" + KEY.public_key().encrypt(b"short", oaep) + bytes(40)))


@pytest.mark.parametrize("text", ["'%%%'", "abc", "'é'"])
def test_what_is_not_base64_is_refused_without_showing_it(load: Load, home: Path, text: str) -> None:
    install(home, pem())

    assert text not in refused(load, f"!sinetstream/encrypted {text}").removeprefix("services.s.type_spec.password: ")


def test_the_private_key_does_not_outlive_the_load(load: Load, home: Path) -> None:
    from sinetstream.config.private_key import PrivateKey

    install(home, pem())
    gc.collect()
    gc.disable()
    try:
        load(f"{V3}{{s: {{type: queue, topic: {tagged(container(b't'))}}}}}")
        left = [thing for thing in gc.get_objects() if isinstance(thing, PrivateKey)]
    finally:
        gc.enable()

    assert left == []
