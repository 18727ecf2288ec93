"""The value types that come with the core: bytes, text and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from sinetstream.errors import InvalidMessageError
from sinetstream.spi.value_type import PluginValueType

__all__ = ["ByteArray", "Json", "Text"]


class ByteArray(PluginValueType):
    """`byte_array`: the value is the bytes."""

    @property
    def serializer(self) -> None:
        return None

    @property
    def deserializer(self) -> None:
        return None


class Text(PluginValueType):
    """`text`: a `str`, as UTF-8. Bytes that are not UTF-8 are `InvalidMessageError`, as is a lone surrogate."""

    @property
    def serializer(self) -> Callable[[Any], bytes]:
        return _text_to_bytes

    @property
    def deserializer(self) -> Callable[[bytes], str]:
        return bytes.decode


class Json(PluginValueType):
    """`json`: whatever `json.dumps` takes, as compact UTF-8 JSON (RFC 8259).

    NaN and the infinities, which are not JSON, are refused both ways; a number beyond a float's range is read as one.
    """

    @property
    def serializer(self) -> Callable[[Any], bytes]:
        return _json_to_bytes

    @property
    def deserializer(self) -> Callable[[bytes], Any]:
        return _bytes_to_json


def _text_to_bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise InvalidMessageError(f"value_type text: the value must be a str, not {type(value).__name__}")
    return value.encode()


def _json_to_bytes(value: Any) -> bytes:
    return _to_json(value).encode()


def _bytes_to_json(data: bytes) -> Any:
    return _from_json(data.decode())


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidMessageError(f"value_type json: {name} is not JSON")


_to_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_from_json = json.JSONDecoder(parse_constant=_refuse_constant).decode
