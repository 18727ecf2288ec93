"""The `tls` section becomes contexts that verify; what is wrong is said with its path and file, and no secret."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError, SinetError
from sinetstream.spi.tls import TLS_KEYS, TlsMaterial, tls_material

from .certificates import Identity, identity

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def ours() -> Identity:
    return identity()


@pytest.fixture(scope="module")
def other() -> Identity:
    return identity()


@pytest.fixture
def folder(tmp_path: Path, ours: Identity, other: Identity) -> Path:
    contents = {
        "ca.crt": ours.certificate,
        "own.crt": ours.certificate,
        "own.key": ours.key(),
        "locked.key": ours.key(PASSWORD),
        "other.key": other.key(),
        "rsa.key": identity(rsa_key=True).key(),
        "both.pem": ours.key() + ours.certificate,
        "junk": b"junk",
        "torn.crt": b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
        "torn.key": b"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def material(tls: Any, folder: Path | None = None) -> TlsMaterial:
    files = ("ca_certs", "certfile", "keyfile")
    if folder is not None and isinstance(tls, dict):
        tls = {key: str(folder / value) if key in files else value for key, value in tls.items()}
    made = tls_material((tls, "tls"))
    assert made is not None
    return made


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str = "localhost") -> dict[str, Any]:
    """What the client knows of the connection; raises what the client's handshake raised."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    theirs.settimeout(10)

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secured:
                secured.recv(1)
        except OSError:
            pass
        finally:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as secured:
            return {
                "version": secured.version(),
                "alpn": secured.selected_alpn_protocol(),
                "peer": secured.getpeercert(),
            }
    finally:
        ours.close()
        thread.join()


def open_descriptors() -> int:
    """How many there are, where the system tells."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def serving(folder: Path, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.crt", folder / "own.key")
    for name, value in more.items():
        setattr(context, name, value)
    return context


@pytest.mark.parametrize("tls", [None, False])
def test_it_is_off_where_it_is_absent_or_false(tls: Any) -> None:
    assert tls_material((tls, "tls")) is None


@pytest.mark.parametrize("tls", [True, {}])
def test_it_verifies_and_speaks_tls_1_2_or_later_unless_told_otherwise(tls: Any) -> None:
    context = material(tls).context()

    assert context.check_hostname
    assert ssl.CERT_REQUIRED == context.verify_mode
    assert ssl.TLSVersion.TLSv1_2 == context.minimum_version
    assert not material({"check_hostname": False}).context().check_hostname


def test_a_broker_is_believed_by_the_named_authority_alone_and_by_its_name(folder: Path) -> None:
    trusting = material({"ca_certs": "ca.crt"}, folder)

    assert handshake(serving(folder), trusting.context())["peer"]
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(serving(folder), trusting.context(), "elsewhere")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(serving(folder), material(True).context())
    unchecked = material({"ca_certs": "ca.crt", "check_hostname": False}, folder)
    assert handshake(serving(folder), unchecked.context(), "elsewhere")["peer"]


@pytest.mark.parametrize("key", ["own.key", "locked.key", None])
@pytest.mark.parametrize("given", ["files", "text", "bytes"])
def test_a_client_shows_its_certificate_from_files_and_from_their_content(
    folder: Path, given: str, key: str | None
) -> None:
    server = serving(folder, verify_mode=ssl.CERT_REQUIRED)
    server.load_verify_locations(folder / "ca.crt")
    names = {"ca_certs": "ca.crt", "certfile": "own.crt" if key else "both.pem"} | ({"keyfile": key} if key else {})
    if given == "files":
        tls: dict[str, Any] = {name: folder / file for name, file in names.items()}
    else:
        read = Path.read_text if given == "text" else Path.read_bytes
        tls = {f"{name}_data": read(folder / file) for name, file in names.items()}
    tls["keyfile_password"] = PASSWORD

    assert handshake(server, material(tls).context())["version"]


@pytest.mark.parametrize("password", [PASSWORD, PASSWORD.encode(), lambda: PASSWORD])
def test_the_password_of_a_key_is_text_bytes_or_a_function(folder: Path, password: Any) -> None:
    tls = {"certfile": "own.crt", "keyfile": "locked.key", "keyfile_password": password}

    material(tls, folder).context()


def test_the_java_spelling_of_the_password_is_taken(folder: Path) -> None:
    material({"certfile": "own.crt", "keyfile": "locked.key", "keyfilePassword": PASSWORD}, folder).context()


def test_content_leaves_no_descriptor_and_no_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "no such folder"))
    tls = {"certfile_data": (folder / "own.crt").read_text(), "keyfile_data": (folder / "own.key").read_text()}
    before = open_descriptors()

    material(tls).context()

    assert before == open_descriptors()


def test_where_there_are_no_files_in_memory_they_are_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    tls = {"certfile_data": (folder / "own.crt").read_text(), "keyfile_data": (folder / "own.key").read_text()}

    with pytest.raises(SinetError, match="temporary file"):
        material(tls).context()
    (folder / "temporary").mkdir()
    material(tls).context()

    assert [] == list((folder / "temporary").iterdir())


def test_protocols_and_ciphers_are_offered_as_given(folder: Path) -> None:
    server = serving(folder, maximum_version=ssl.TLSVersion.TLSv1_2)
    server.set_alpn_protocols(["mqtt"])
    tls = {"ca_certs": "ca.crt", "alpn": ["x-amzn-mqtt-ca", "mqtt"], "ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"}
    context = material(tls, folder).context()

    assert "mqtt" == handshake(server, context)["alpn"]
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" in {cipher["name"] for cipher in context.get_ciphers()}
    assert "mqtt" == handshake(server, material(tls | {"alpn": "mqtt"}, folder).context())["alpn"]


def test_a_context_of_the_application_s_is_used_itself() -> None:
    given = ssl.create_default_context()
    given.check_hostname = False

    assert given is material(given).context() is material(given).context()
    assert not material(given).check_hostname


def test_the_last_section_decides_and_its_keys_come_first(folder: Path) -> None:
    common = {"ca_certs": "/nowhere", "check_hostname": False}
    own = {"ca_certs": str(folder / "ca.crt")}
    both = tls_material((common, "tls"), (own, "type_spec.tls"))

    assert both is not None
    assert not both.context().check_hostname
    assert tls_material((True, "tls"), (False, "type_spec.tls")) is None
    assert tls_material((False, "tls"), (True, "type_spec.tls")) is not None
    assert tls_material((True, "tls"), (None, "type_spec.tls")) is not None


@pytest.mark.parametrize(
    ("tls", "path", "words"),
    [
        ("yes", "tls", "must be true, false, a mapping, or in code an ssl.SSLContext, not a string"),
        ({"ca_cert": "x"}, "tls.ca_cert", "did you mean 'ca_certs'"),
        ({"verify": False}, "tls.verify", "check_hostname"),
        ({7: "x"}, "tls.7", "known are"),
        ({"ca_certs": 0}, "tls.ca_certs", "quote it"),
        ({"ca_certs": ""}, "tls.ca_certs", "empty"),
        ({"ca_certs": ["x"]}, "tls.ca_certs", "not a list"),
        ({"ca_certs_data": 7}, "tls.ca_certs_data", "not a number"),
        ({"ca_certs_data": "\ud800"}, "tls.ca_certs_data", "UTF-8"),
        ({"check_hostname": "no"}, "tls.check_hostname", "true or false"),
        ({"check_hostname": None}, "tls.check_hostname", "true or false"),
        ({"keyfile": "x"}, "tls.keyfile", "needs certfile"),
        ({"keyfile_password": 5}, "tls.keyfile_password", "must be a string"),
        ({"ciphers": 5}, "tls.ciphers", "quote it"),
        ({"alpn": 5}, "tls.alpn", "must be a list"),
        ({"alpn": [""]}, "tls.alpn", "1 to 255"),
        ({"alpn": ["é"]}, "tls.alpn", "ASCII"),
    ],
)
def test_what_a_section_cannot_say_is_refused_with_its_place(tls: Any, path: str, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words) as refused:
        tls_material((tls, "tls"))

    assert path == refused.value.path


def test_beside_a_context_there_are_no_keys() -> None:
    with pytest.raises(InvalidArgumentError, match="stands beside an"):
        tls_material((ssl.create_default_context(), "tls"), ({"ca_certs": "x"}, "type_spec.tls"))


@pytest.mark.parametrize(
    ("tls", "path", "words"),
    [
        ({"ca_certs": "nowhere"}, "tls.ca_certs", "cannot read the file .*nowhere: No such file"),
        ({"ca_certs": "."}, "tls.ca_certs", "Is a directory"),
        ({"ca_certs": "a\0b"}, "tls.ca_certs", "cannot be the path"),
        ({"ca_certs": "junk"}, "tls.ca_certs", "the file .*junk has no certificate in PEM form"),
        ({"ca_certs": "torn.crt"}, "tls.ca_certs", "has no certificate"),
        ({"ca_certs": "own.key"}, "tls.ca_certs", "own.key has no certificate"),
        ({"ca_certs_data": "junk"}, "tls.ca_certs_data", "the text has no certificate"),
        ({"certfile": "nowhere"}, "tls.certfile", "nowhere"),
        ({"certfile": "junk", "keyfile": "own.key"}, "tls.certfile", "junk has no certificate"),
        ({"certfile": "own.crt"}, "tls.certfile", "has no private key in PEM form; the key is given with keyfile"),
        ({"certfile": "own.crt", "keyfile": "junk"}, "tls.keyfile", "junk has no private key"),
        ({"certfile": "own.crt", "keyfile": "torn.key"}, "tls.keyfile", "cannot be read: .*own.crt, .*torn.key"),
        ({"certfile": "torn.crt", "keyfile": "own.key"}, "tls.keyfile", "cannot be read: .*torn.crt"),
        ({"certfile": "own.crt", "keyfile": "other.key"}, "tls.keyfile", "other.key does not belong to .*own.crt"),
        ({"certfile": "own.crt", "keyfile": "rsa.key"}, "tls.keyfile", "does not belong"),
        (
            {"certfile": "own.crt", "keyfile": "locked.key"},
            "tls.keyfile_password",
            "is encrypted: give keyfile_password",
        ),
        (
            {"certfile": "own.crt", "keyfile": "locked.key", "keyfile_password": "wrong-one"},
            "tls.keyfile_password",
            "does not open the private key of the file .*locked.key",
        ),
        ({"ciphers": "none such"}, "tls.ciphers", "none such"),
    ],
)
def test_files_that_do_not_serve_are_told_with_path_and_name(folder: Path, tls: Any, path: str, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words) as refused:
        material(tls, folder).context()

    assert path == refused.value.path
    assert "wrong-one" not in str(refused.value)


def test_a_password_does_not_show_even_where_its_function_fails(folder: Path) -> None:
    def failing() -> str:
        raise ValueError(PASSWORD)

    tls = {"certfile": "own.crt", "keyfile": "locked.key", "keyfile_password": failing}
    with pytest.raises(InvalidArgumentError, match="the function raised ValueError") as refused:
        material(tls, folder).context()

    assert PASSWORD not in str(refused.value)
    assert refused.value.__cause__ is None


def test_no_secret_is_in_the_repr(folder: Path) -> None:
    key = (folder / "own.key").read_text()
    made = material({"certfile": str(folder / "own.crt"), "keyfile_data": key, "keyfile_password": PASSWORD})

    assert "own.crt" in repr(made)
    assert PASSWORD not in repr(made)
    assert key.splitlines()[1] not in repr(made)


def test_a_renewed_certificate_is_in_the_next_context(folder: Path, other: Identity) -> None:
    made = material({"ca_certs": "ca.crt"}, folder)
    made.context()

    (folder / "ca.crt").write_bytes(other.certificate)

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(serving(folder), made.context())


def test_what_cannot_be_read_any_more_is_told_once_and_used_as_it_was(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = material({"ca_certs": "ca.crt"}, folder)
    made.context()
    content = (folder / "ca.crt").read_bytes()

    (folder / "ca.crt").unlink()
    for _ in range(3):
        assert handshake(serving(folder), made.context())["peer"]
    (folder / "ca.crt").write_bytes(content)
    made.context()
    (folder / "ca.crt").write_text("half of")
    assert handshake(serving(folder), made.context())["peer"]

    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert 2 == len(told)
    assert "ca.crt" in told[0]
    assert "stays in use" in told[0]


def test_the_keys_are_those_of_the_documentation() -> None:
    assert {"ca_certs", "certfile", "keyfile", "keyfile_password", "ciphers", "check_hostname", "alpn"} < set(TLS_KEYS)
