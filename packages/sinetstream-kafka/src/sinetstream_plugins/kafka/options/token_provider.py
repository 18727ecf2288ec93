"""What gives the tokens of SASL's OAUTHBEARER."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from sinetstream.errors import ConnectionError
from sinetstream.spi.options import Values

from sinetstream_plugins.kafka.kafka_python.option_values import AbstractTokenProvider

__all__ = ["token_provider"]

_OPTION = "sasl_oauth_token_provider"


def token_provider(values: Values, *, allow_code: bool) -> AbstractTokenProvider:
    """From an object, a function, or with `allow_code` the name of one. Raises `InvalidArgumentError`."""
    provider = values[_OPTION]
    if isinstance(provider, str):
        if not allow_code:
            raise values.error(_OPTION, "names code to run, which needs allow_code=True")
        provider = _named(provider, values)
    if callable(getattr(provider, "token", None)) and not isinstance(provider, type):
        return _Provider(provider.token, getattr(provider, "extensions", dict))
    if callable(provider):
        return _Provider(provider, dict)
    raise values.error(_OPTION, "must be an object with token(), or a function that gives a token")


def _named(name: str, values: Values) -> Any:
    """What the callable of this name makes, or itself where that is a token."""
    module, _, attribute = name.partition(":")
    try:
        named = getattr(import_module(module), attribute)
        made = named()
    except Exception as failed:
        raise values.error(_OPTION, f"cannot use {name!r}: {failed}") from failed
    return named if isinstance(made, str) else made


class _Provider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no type information
    """Any function that gives a token. What it raises may tell one: only the kind of it is told."""

    def __init__(self, token: Callable[[], Any], extensions: Callable[[], Any]) -> None:
        super().__init__()
        self._token = token
        self._extensions = extensions

    def token(self) -> str:
        return str(_provided(self._token))

    def extensions(self) -> dict[str, str]:
        return dict(_provided(self._extensions))


def _provided(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as failed:
        raise ConnectionError(f"authentication: the token provider failed: {type(failed).__name__}") from failed
