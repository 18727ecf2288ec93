"""The `crypto` parameters: which cipher, which keys, and what is weak about them."""

from __future__ import annotations

from sinetstream.config.keys import secrets
from sinetstream.config.log_once import warn_once
from sinetstream.config.section import Section
from sinetstream.settings import EncryptionSettings, KeyDerivation
from sinetstream.wording import shown

__all__ = ["encryption"]

_KNOWN = (
    "algorithm",
    "mode",
    "key_length",
    "padding",
    "password",
    "key",
    "keys",
    "_keys",
    "encoding",
    "key_derivation",
)
_DERIVATION = ("algorithm", "salt_bytes", "iteration", "prf")
_AUTHENTICATED = ("GCM", "EAX")
_MODES = {mode: mode for mode in ("CBC", "CFB", "CTR", "EAX", "GCM", "OFB")}
_OPENPGP = ("OPENPGP", "OPENPGPCFB")
_PADDINGS = {"none": False, "NoPadding": False, "pkcs7": True}
_PRFS = {"HMAC-SHA256": "sha256", "HMAC-SHA384": "sha384", "HMAC-SHA512": "sha512"}
_KDFS = {"pbkdf2": "pbkdf2", "PBKDF2WithHmacSHA256": "pbkdf2"}

_OURS = 256, KeyDerivation("sha256", salt_bytes=16, iterations=600_000)
_PEERS = 128, KeyDerivation("sha256", salt_bytes=8, iterations=10_000)
_FEW_ITERATIONS = 100_000
_SHORT_SALT = 16
_MOST_ITERATIONS = 2**31 - 1


def encryption(crypto: Section) -> EncryptionSettings:
    """The settings of a `crypto` section that is in use; `InvalidArgumentError` where a parameter is wrong.

    With neither `algorithm` nor `mode` it is AES-256-GCM and 600,000 iterations. As soon as one is named, whatever is
    left out is what SINETStream 1.x takes. What protects little is accepted, and the log says so, once.
    """
    for key in ("salt_bytes", "iteration", "prf"):
        if key in crypto:
            raise crypto.error(key, f"unknown parameter; it belongs to {crypto.at('key_derivation')}.{key}")
    crypto.only(_KNOWN)
    as_peers = crypto.get("algorithm") is not None or crypto.get("mode") is not None
    default_bits, default_derivation = _PEERS if as_peers else _OURS
    if crypto.get("algorithm") is not None:
        crypto.choice("algorithm", {"AES": "AES"}, "AES")
    mode = _mode(crypto) if as_peers else "GCM"
    key_bits = crypto.values.get("key_length", default_bits)
    if isinstance(key_bits, bool) or not isinstance(key_bits, int) or key_bits not in (128, 192, 256):
        raise crypto.error("key_length", f"must be one of 128, 192, 256 (bits), not {shown(key_bits)}")
    padded = False if crypto.get("padding") is None else crypto.choice("padding", _PADDINGS, False)
    if mode == "CBC" and not padded:
        raise crypto.error("padding", "must be pkcs7, which mode CBC needs")
    derivation = _derivation(crypto.section("key_derivation"), default_derivation)
    keys = secrets(crypto, key_bits)
    derived = any(secret.is_password for secret in keys.values())
    _warn(crypto, mode, derivation if derived else None)
    return EncryptionSettings(mode, key_bits, padded, keys, derivation)


def _mode(crypto: Section) -> str:
    mode = crypto.get("mode")
    if mode is None:
        raise crypto.error("mode", f"is required beside algorithm: one of {', '.join(_MODES)}")
    if isinstance(mode, str) and mode.upper() in _OPENPGP:
        words = "is not supported: it is unauthenticated, and no maintained library has it; use GCM"
        raise crypto.error("mode", f"{mode.upper()} {words} (or another of {', '.join(_MODES)})")
    return crypto.choice("mode", _MODES, "")


def _derivation(part: Section, default: KeyDerivation) -> KeyDerivation:
    part.only(_DERIVATION)
    part.choice("algorithm", _KDFS, "pbkdf2")
    return KeyDerivation(
        prf=part.choice("prf", _PRFS, default.prf),
        salt_bytes=part.integer("salt_bytes", default.salt_bytes, 1, 1024),
        iterations=part.integer("iteration", default.iterations, 1, _MOST_ITERATIONS),
    )


def _warn(crypto: Section, mode: str, derivation: KeyDerivation | None) -> None:
    weak = []
    if mode not in _AUTHENTICATED:
        weak.append(f"mode {mode} does not notice when a message was altered")
    if derivation and derivation.iterations < _FEW_ITERATIONS:
        weak.append(f"{derivation.iterations:,} iterations make a password cheap to guess")
    if derivation and derivation.salt_bytes < _SHORT_SALT:
        weak.append(f"a salt of {derivation.salt_bytes} bytes is short")
    if weak:
        advice = "without algorithm and mode it is AES-256-GCM with 600,000 iterations and a salt of 16 bytes"
        warn_once(f"{crypto.path}: weak, for the sake of other implementations: {'; '.join(weak)} ({advice})")
