"""What is wrong with a value, if anything: one function for each kind of value."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

from sinetstream_plugins.kafka.kafka_python.option_values import COMPRESSORS

__all__ = [
    "Kind",
    "code",
    "compression",
    "context",
    "credential",
    "file",
    "flag",
    "number",
    "one_of",
    "or_null",
    "partitioner",
    "password",
    "proxy",
    "reporters",
    "socket_options",
    "some",
    "text",
    "whole",
]

_LIBRARIES = {"snappy": "python-snappy", "lz4": "lz4", "zstd": "zstandard"}
_LARGEST = 2**31 - 1
_PROXIES = ("socks5", "socks5h", "http")  # kafka-python's

Kind = Callable[[Any], str | None]


def flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {type(value).__name__}"


def number(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"must be a number, not {type(value).__name__}"
    return None if value >= 0 else "must be a number of at least 0"


def whole(value: Any) -> str | None:
    wrong = number(value) or (None if isinstance(value, int) else "must be a whole number")
    return wrong or (None if value <= _LARGEST else f"must be at most {_LARGEST}")


def some(value: Any) -> str | None:
    return whole(value) or (None if value else "must be at least 1")


def text(value: Any) -> str | None:
    if isinstance(value, int | float):
        return "must be text; quote it"
    if not isinstance(value, str):
        return f"must be text, not {type(value).__name__}"
    return None if value else "must not be empty"


def or_null(kind: Kind, value: Any) -> str | None:
    return None if value is None else kind(value)


def credential(value: Any) -> str | None:
    return None if isinstance(value, bytes) and value else text(value)


def password(value: Any) -> str | None:
    return None if callable(value) else credential(value)


def file(value: Any) -> str | None:
    return None if isinstance(value, PathLike) else text(value)


def context(value: Any) -> str | None:
    return None if isinstance(value, SSLContext) else f"must be an SSLContext, not {type(value).__name__}"


def socket_options(value: Any) -> str | None:
    def known(option: Any) -> bool:
        if not isinstance(option, list | tuple) or len(option) != 3:
            return False
        return all(isinstance(part, int) for part in option[:2]) and isinstance(option[2], int | bytes)

    are_known = isinstance(value, list | tuple) and all(map(known, value))
    return None if are_known else "must be a list of [level, name, value], as numbers"


def reporters(value: Any) -> str | None:
    known = isinstance(value, list | tuple) and all(map(callable, value))
    return None if known else "must be a list of classes or functions"


def proxy(value: Any) -> str | None:
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        complete = url.scheme in _PROXIES and url.hostname and url.port
    except ValueError:
        complete = False
    return None if complete else f"must be {' or '.join(_PROXIES)}, then ://host:port or ://user:password@host:port"


def partitioner(value: Any) -> str | None:
    known = callable(getattr(value, "partition", None)) and not isinstance(value, str | bytes)
    return None if known else "must be an object with partition(...)"


def code(value: Any) -> str | None:
    return None if callable(value) else f"must be a class or a function, not {type(value).__name__}"


def one_of(words: tuple[Any, ...], older: tuple[Any, ...], value: Any) -> str | None:
    known = isinstance(value, str | int) and not isinstance(value, bool) and value in words + older
    return None if known else f"must be one of {', '.join(map(str, words))}"


def compression(value: Any) -> str | None:
    if not isinstance(value, str | None) or value not in COMPRESSORS:
        return f"must be one of {', '.join(filter(None, COMPRESSORS))}"
    is_installed, _ = COMPRESSORS[value]
    return (
        None
        if is_installed()
        else f"{value} needs a library that is not installed: {_LIBRARIES.get(str(value), value)}"
    )
