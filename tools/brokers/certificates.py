"""Certificates for one run: an authority, who it vouches for, and those it should not be mistaken for."""

import datetime as dt
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

from tools.brokers.ports import HOST

__all__ = ["KEY_PASSWORD", "make_certificates"]

KEY_PASSWORD = "key-test-only"  # noqa: S105 - opens client-encrypted.key, made for the run
_DAY = dt.timedelta(days=1)


def make_certificates(folder: Path) -> None:
    """Fill `folder` with PEM files: NAME.crt and NAME.key, and NAME.pem with both, which is what Kafka reads.

    `ca` vouches for `server` (127.0.0.1 and localhost), `wrong-host` (another host), `client` (also as
    client-encrypted.key) and `expired` (a client of last week). `other-ca` is of no importance here, nor is its
    client `stranger`.
    """
    ours, other = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(folder / "ca.crt")
    other.cert_pem.write_to_path(folder / "other-ca.crt")
    now = dt.datetime.now(dt.UTC)
    issued = {
        "server": ours.issue_cert(HOST, "localhost"),
        "wrong-host": ours.issue_cert("another-host.invalid"),
        "client": ours.issue_cert("client.invalid"),
        "expired": ours.issue_cert("client.invalid", not_before=now - 8 * _DAY, not_after=now - _DAY),
        "stranger": other.issue_cert("client.invalid"),
    }
    for name, certificate in issued.items():
        chain = certificate.cert_chain_pems[0].bytes()
        key = certificate.private_key_pem.bytes()
        (folder / f"{name}.crt").write_bytes(chain)
        (folder / f"{name}.key").write_bytes(_pkcs8(key))
        (folder / f"{name}.pem").write_bytes(_pkcs8(key) + chain)
    key = issued["client"].private_key_pem.bytes()
    (folder / "client-encrypted.key").write_bytes(_pkcs8(key, KEY_PASSWORD))


def _pkcs8(pem: bytes, password: str | None = None) -> bytes:
    """The same key in the form that Kafka reads; trustme writes another, and none with a password."""
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        protection = serialization.BestAvailableEncryption(password.encode())
    key = serialization.load_pem_private_key(pem, password=None)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
