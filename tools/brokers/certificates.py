"""Certificates for one run: an authority, who it vouches for, and those it should not be mistaken for."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.brokers.ports import HOST

__all__ = ["KEY_PASSWORD", "make_certificates"]

KEY_PASSWORD = "key-test-only"  # noqa: S105 - opens client-encrypted.key, made for the run
_DAY = dt.timedelta(days=1)


def _key_pem(key: ec.EllipticCurvePrivateKey, password: str | None = None) -> bytes:
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        protection = serialization.BestAvailableEncryption(password.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternatives(hosts: tuple[str, ...]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address(host)) if host == HOST else x509.DNSName(host) for host in hosts],
    )


@dataclass(frozen=True)
class _Authority:
    name: str
    key: ec.EllipticCurvePrivateKey

    def certificate(
        self,
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        *,
        hosts: tuple[str, ...] = (),
        days: tuple[int, int] = (-1, 365),
        is_authority: bool = False,
    ) -> bytes:
        now = dt.datetime.now(dt.UTC)
        own_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = (
            x509.CertificateBuilder(_name(self.name), _name(subject), key.public_key(), x509.random_serial_number())
            .not_valid_before(now + days[0] * _DAY)
            .not_valid_after(now + days[1] * _DAY)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(own_id, critical=False)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=is_authority,
                    crl_sign=is_authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
        )
        if hosts:
            builder = builder.add_extension(_alternatives(hosts), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _authority(folder: Path, file: str, name: str) -> _Authority:
    authority = _Authority(name, ec.generate_private_key(ec.SECP256R1()))
    (folder / file).write_bytes(authority.certificate(name, authority.key, is_authority=True))
    return authority


def make_certificates(folder: Path) -> None:
    """Fill `folder` with PEM files: NAME.crt and NAME.key, and NAME.pem with both, which is what Kafka reads.

    `ca` vouches for `server` (127.0.0.1 and localhost), `wrong-host` (another host), `client` (also as
    client-encrypted.key) and `expired` (a client of last week). `other-ca` is of no importance here, nor is its
    client `stranger`.
    """
    ours = _authority(folder, "ca.crt", "Authority of the test brokers")
    other = _authority(folder, "other-ca.crt", "Another authority")
    for authority, name, hosts, days in (
        (ours, "server", (HOST, "localhost"), (-1, 365)),
        (ours, "wrong-host", ("another-host.invalid",), (-1, 365)),
        (ours, "client", (), (-1, 365)),
        (ours, "expired", (), (-8, -1)),
        (other, "stranger", (), (-1, 365)),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = authority.certificate(name, key, hosts=hosts, days=days)
        (folder / f"{name}.crt").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(_key_pem(key))
        (folder / f"{name}.pem").write_bytes(_key_pem(key) + certificate)
        if name == "client":
            (folder / "client-encrypted.key").write_bytes(_key_pem(key, KEY_PASSWORD))
