"""Which parameters are secret, and masking them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sinetstream.masked import mask

__all__ = ["is_secret", "is_secret_text", "mask_in_place", "masked"]

_WORDS = (
    "passw(?:or[dt]|d)?|passphrase|secret|token|credential|authorization|cookie|bearer|apikey|privatekey|accesskey"
    "|keyfiledata|certfiledata|authdata"
)
_SECRET = re.compile(_WORDS)
_SECRET_TEXT = re.compile(f"(?:{_WORDS})s?$")
_URL_WITH_PASSWORD = re.compile("://[^/@:]*:[^/@]+@")
_DEEPEST = 101
_CRYPTO = ("key", "keys", "_keys")


def masked(value: Any) -> Any:
    """A copy of parameters in which what is secret is masked.

    Secret are values under keys that speak of a password, passphrase, secret, token, credential, authorization, cookie,
    private key or the like, in any spelling, and under `key`, `keys` and `_keys` of `crypto`; under a secret key, all but
    `path`; and any URL with a password.
    """
    return _masked(value, "", secret=False, depth=0)


def mask_in_place(params: dict[str, Any]) -> None:
    """Mask what is secret in a mapping that belongs to the caller's frame, whose local variables a traceback may show."""
    params.update(masked(params))


def is_secret(key: str, parent: str) -> bool:
    """Whether the name of a parameter under `parent` speaks of a secret."""
    return (parent == "crypto" and key in _CRYPTO) or bool(_SECRET.search(_folded(key)))


def is_secret_text(key: object, parent: str, within: bool) -> bool:
    """Whether what stands under the name is a secret, and text: a `password`, not something about one (`token_ttl`).

    `within` says whether `parent` itself holds one: then so do its `value`, its items and its versions.
    """
    word = str(key)
    if within and (word == "value" or word.isdecimal()):
        return True
    return (parent == "crypto" and word in _CRYPTO) or bool(_SECRET_TEXT.search(_folded(word)))


def _masked(value: Any, name: str, *, secret: bool, depth: int) -> Any:
    if depth > _DEEPEST:
        return value  # refused where parameters are merged
    if isinstance(value, Mapping):
        return {
            k: _masked(v, str(k), secret=is_secret(str(k), name) or (secret and k != "path"), depth=depth + 1)
            for k, v in value.items()
        }
    if type(value) in (list, tuple, set):
        return type(value)(_masked(v, name, secret=secret, depth=depth + 1) for v in value)
    if secret or (isinstance(value, str) and _URL_WITH_PASSWORD.search(value)):
        return mask(value)
    return value


def _folded(key: str) -> str:
    return re.sub("[_-]", "", key.casefold())
