"""From certificates and keys to `ssl.SSLContext`s."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.tls.pem import Pem, as_file, labels
from sinetstream.wording import wrong

__all__ = ["Password", "TlsMaterial"]

Password = str | bytes | Callable[[], str | bytes]

log = logging.getLogger("sinetstream")

_PLAIN = {b"CERTIFICATE"}
_CERTIFICATES = {b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"}
_MISMATCHES = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")

Contents = tuple[bytes | None, bytes | None, bytes | None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What one `tls` section says, each value checked for its kind; `paths` are the places of the keys given."""

    ca_certs: Pem | None = None
    certfile: Pem | None = None
    keyfile: Pem | None = None
    keyfile_password: Password | None = field(default=None, repr=False)
    ciphers: str | None = None
    check_hostname: bool = True
    alpn: tuple[str, ...] = ()
    paths: dict[str, str] = field(default_factory=dict, repr=False)

    def at(self, key: str) -> str:
        return self.paths.get(key, f"tls.{key}")


class TlsMaterial:
    """What the connections of one reader or writer are secured with. Any thread may use it.

    `given` is an `SSLContext` of the application's own, which is used as it is.
    """

    def __init__(self, settings: Settings, given: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._given = given
        self._last: Contents | None = None
        self._is_stale = False

    @property
    def check_hostname(self) -> bool:
        """Whether the name of the host is compared with the certificate's."""
        return self._settings.check_hostname if self._given is None else self._given.check_hostname

    def context(self) -> ssl.SSLContext:
        """A new context with what the files contain now; for each connection one, where certificates are renewed.

        It verifies the broker's certificate and the host's name and speaks TLS 1.2 and later. Raises
        `InvalidArgumentError` with the path and the file. After the first time, files that cannot be used any more are
        told with one WARNING, and what they contained before is used again. An `SSLContext` of the application's own is
        returned itself.
        """
        if self._given is not None:
            return self._given
        try:
            contents = self._read()
            context = _context(self._settings, contents)
        except InvalidArgumentError as error:
            if self._last is None:
                raise
            if not self._is_stale:
                log.warning("%s; what it contained before stays in use", error)
            self._is_stale = True
            return _context(self._settings, self._last)
        self._last, self._is_stale = contents, False
        return context

    def __repr__(self) -> str:
        return f"TlsMaterial({self._settings if self._given is None else self._given})"

    def _read(self) -> Contents:
        settings = self._settings
        return (
            settings.ca_certs and settings.ca_certs.read(),
            settings.certfile and settings.certfile.read(),
            settings.keyfile and settings.keyfile.read(),
        )  # type: ignore[return-value]  # a Pem is always true


def _context(settings: Settings, contents: Contents) -> ssl.SSLContext:
    authorities, certificate, key = contents
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = settings.check_hostname
    if settings.ciphers is not None:
        try:
            context.set_ciphers(settings.ciphers)
        except ssl.SSLError as error:
            raise wrong(settings.at("ciphers"), f"OpenSSL has none of {settings.ciphers!r}") from error
    if settings.alpn:
        context.set_alpn_protocols(settings.alpn)
    if settings.ca_certs is not None and authorities is not None:
        _trust(context, authorities, settings.ca_certs)
    else:
        context.load_default_certs()
    if settings.certfile is not None and certificate is not None:
        _identify(context, settings, settings.certfile, certificate, key)
    return context


def _trust(context: ssl.SSLContext, content: bytes, pem: Pem) -> None:
    try:
        if labels(content) == _PLAIN:
            context.load_verify_locations(cadata=content.decode("ascii", "ignore"))
        else:
            with as_file(content) as file:
                context.load_verify_locations(cafile=file)
    except ssl.SSLError as error:
        raise wrong(pem.path, f"{pem} has no certificate in PEM form") from error


def _identify(context: ssl.SSLContext, settings: Settings, certificate: Pem, content: bytes, key: bytes | None) -> None:
    if not labels(content) & _CERTIFICATES:
        raise wrong(certificate.path, f"{certificate} has no certificate in PEM form")
    holder = settings.keyfile or certificate
    if not any(label.endswith(b"PRIVATE KEY") for label in labels(content if key is None else key)):
        hint = "; the key is given with keyfile" if key is None else ""
        raise wrong(holder.path, f"{holder} has no private key in PEM form{hint}")
    asked = _Asked(settings)
    try:
        with ExitStack() as files:
            chain = files.enter_context(as_file(content))
            context.load_cert_chain(chain, None if key is None else files.enter_context(as_file(key)), asked)
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            words = f"the private key of {holder} does not belong to the certificate of {certificate}"
        elif asked.was_asked:
            raise wrong(settings.at("keyfile_password"), f"does not open the private key of {holder}") from None
        else:
            words = f"the certificate or the private key cannot be read: {certificate}, {holder}"
        raise wrong(holder.path, words) from error


class _Asked:
    """Gives the password, and knows whether the key needed it."""

    def __init__(self, settings: Settings) -> None:
        self._password = settings.keyfile_password
        self._settings = settings
        self.was_asked = False

    def __call__(self) -> str | bytes:
        self.was_asked = True
        path = self._settings.at("keyfile_password")
        if self._password is None:
            raise wrong(path, "the private key is encrypted: give keyfile_password")
        if not callable(self._password):
            return self._password
        try:
            return self._password()
        except Exception as error:  # noqa: BLE001  what it raises may tell the password
            raise wrong(path, f"the function raised {type(error).__name__}") from None
