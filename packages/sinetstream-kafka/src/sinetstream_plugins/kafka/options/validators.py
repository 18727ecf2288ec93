"""The kinds of values that only options of kafka-python have."""

from __future__ import annotations

import re
from math import inf
from os import PathLike
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

from sinetstream.spi.options import Checked, Integer, Kind, Number, Secret, Text

from sinetstream_plugins.kafka.kafka_python.option_values import ASSIGNORS, COMPRESSORS, AbstractPartitionAssignor

__all__ = ["ANYTHING", "COUNT", "KINDS", "PATTERN", "POSITIVE"]

_LIBRARIES = {"snappy": "python-snappy", "lz4": "lz4", "zstd": "zstandard"}
_MAX_INT = 2**31 - 1
_PROXIES = ("socks5", "socks5h", "http")  # kafka-python's
_OLDEST_VERSION = (0, 11)

ANYTHING: Kind[Any] = Checked("any value", lambda _: None)
COUNT = Integer(0, _MAX_INT)
POSITIVE = Integer(1, _MAX_INT)


class _Version(Kind[tuple[int, ...] | None]):
    """Of the broker; None where it is to be asked."""

    words = "auto, or a version from 0.11 on: in quotes, or a list of its numbers"

    def read(self, value: object, path: str) -> tuple[int, ...] | None:
        if value == "auto":
            return None
        parts = value.split(".") if isinstance(value, str) else value
        if isinstance(parts, list | tuple) and all(str(part).isdecimal() and str(part).isascii() for part in parts):
            found = tuple(int(part) for part in parts)
            if found >= _OLDEST_VERSION:
                return found
        raise self.refuse(value, path)


class _Assignors(Kind[list[Any]]):
    """The classes that the names of strategies stand for."""

    words = f"one or more of {', '.join(ASSIGNORS)}, or a class of kafka-python's kind"

    def read(self, value: object, path: str) -> list[Any]:
        listed = value if isinstance(value, list | tuple) else [value]
        found = [ASSIGNORS.get(strategy) if isinstance(strategy, str) else strategy for strategy in listed]
        if not found or not all(map(_is_assignor, found)):
            raise self.refuse(value, path)
        return found


class _SecretText(Text):
    """Text that is never shown, with words that say to quote a number."""

    is_secret = True


def _is_assignor(strategy: Any) -> bool:
    return isinstance(strategy, AbstractPartitionAssignor) or (
        isinstance(strategy, type) and issubclass(strategy, AbstractPartitionAssignor)
    )


def _checked(words: str, is_known: Any) -> Kind[Any]:
    return Checked(words, lambda value: None if is_known(value) else f"must be {words}")


def _compression_fault(value: Any) -> str | None:
    if not isinstance(value, str) or value not in COMPRESSORS:
        return f"must be one of {', '.join(filter(None, COMPRESSORS))}"
    is_installed, _ = COMPRESSORS[value]
    return None if is_installed() else f"{value} needs a library that is not installed: {_LIBRARIES.get(value, value)}"


def _pattern_fault(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"must be a regular expression: {error}"
    return None


def _is_socket_option(option: Any) -> bool:
    if not isinstance(option, list | tuple) or len(option) != 3:
        return False
    return all(isinstance(part, int) for part in option[:2]) and isinstance(option[2], int | bytes)


def _is_proxy(value: Any) -> bool:
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        return bool(url.scheme in _PROXIES and url.hostname and url.port)
    except ValueError:
        return False


def _is_partitioner(value: Any) -> bool:
    return callable(getattr(value, "partition", None)) and not isinstance(value, str | bytes)


def _is_token_provider(value: Any) -> bool:
    return isinstance(value, str) or callable(value) or callable(getattr(value, "token", None))


def _is_retries(value: Any) -> bool:
    return value == inf or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_INT)


class _File(Text):
    def read(self, value: object, path: str) -> Any:
        return value if isinstance(value, PathLike) else super().read(value, path)


class _KeyPassword(Kind[Any]):
    words = "a string, or in code a function that gives it"
    is_secret = True

    def read(self, value: object, path: str) -> Any:
        return value if callable(value) or (isinstance(value, bytes) and value) else _SecretText().read(value, path)


PATTERN: Kind[str] = Checked("a regular expression", _pattern_fault, Text(words="a regular expression"))

_PROXY = f"{' or '.join(_PROXIES)}, then ://host:port or ://user:password@host:port"

KINDS: dict[str, Kind[Any]] = {
    "api_version": _Version(),
    "compression_type": Checked(f"one of {', '.join(filter(None, COMPRESSORS))}", _compression_fault),
    "connections_max_idle_ms": Checked(
        "a number of more than 0", lambda number: None if number else "must be more than 0", Number(0)
    ),
    "metric_reporters": _checked(
        "a list of classes or functions", lambda value: isinstance(value, list | tuple) and all(map(callable, value))
    ),
    "partition_assignment_strategy": _Assignors(),
    "partitioner": _checked("an object with partition(...)", _is_partitioner),
    "proxy_url": Secret(_checked(_PROXY, _is_proxy)),
    "retries": _checked("an integer of at least 0, or infinity", _is_retries),
    "sasl_plain_password": _SecretText(),
    "sasl_plain_username": Text(),
    "sasl_oauth_token_provider": _checked(
        "an object with token(), a function that gives a token, or the name of one", _is_token_provider
    ),
    "socket_options": _checked(
        "a list of [level, name, value], as numbers",
        lambda value: isinstance(value, list | tuple) and all(map(_is_socket_option, value)),
    ),
    "socks5_proxy": Secret(_checked(_PROXY, _is_proxy)),
    "ssl_context": _checked("an SSLContext", lambda value: isinstance(value, SSLContext)),
    "ssl_password": _KeyPassword(),
    **{name: _File() for name in ("ssl_cafile", "ssl_certfile", "ssl_crlfile", "ssl_keyfile")},
}
"""By the name of the option."""
