"""How values become bytes: value type, compression and encryption of a service, or of a part of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sinetstream.config.crypto import encryption
from sinetstream.config.section import Section
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import CodecSettings, CompressionSettings, ValueTypeSettings
from sinetstream.spelling import did_you_mean
from sinetstream.wording import kind, shown

__all__ = ["codec_settings"]

_COMPRESSION = ("algorithm", "level", "max_decompressed_bytes")
_LARGEST_BYTES = 2**40
_MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024


def codec_settings(params: Mapping[str, Any], path: str = "") -> CodecSettings:
    """The settings in parameters as configured; keys that say nothing of encoding are not looked at.

    It serves for a whole service, and for a mapping inside one that has encoding parameters of its own (an MQTT will).
    `InvalidArgumentError` with the path where one is wrong.
    """
    section = Section(params, path)
    compressed, compression = section.flag("data_compression"), _compression(section)
    encrypted, crypto = section.flag("data_encryption"), section.section("crypto")
    message_format = section.integer("message_format", 3, 2, 3)
    return CodecSettings(
        value_type=_value_type(section),
        serializer=_function(section, "value_serializer"),
        deserializer=_function(section, "value_deserializer"),
        compression=compression if compressed else None,
        encryption=encryption(crypto) if encrypted else None,
        message_format=message_format,
        user_data_only=section.flag("user_data_only"),
    )


def _value_type(section: Section) -> ValueTypeSettings:
    value = section.get("value_type")
    if value is None:
        return ValueTypeSettings()
    if isinstance(value, str):
        section.text("value_type", "")
        return ValueTypeSettings(value)
    if isinstance(value, Mapping):
        form = section.section("value_type")
    else:
        try:
            form = Section({"name": value.name, "args": getattr(value, "args", None)}, section.at("value_type"))
        except AttributeError:
            words = f"must be a name, a mapping with a name, or an object with a name, not {kind(value)}"
            raise section.error("value_type", words) from None
    if form.text("name", None) is None:
        raise form.error("name", f"is required: the name of a value type{did_you_mean('name', map(str, form.values))}")
    args = form.section("args")
    for key in args.values:
        if not isinstance(key, str):
            raise args.error(key, "the name of an argument must be a string")
    return ValueTypeSettings(form.values["name"], dict(args.values))


def _compression(section: Section) -> CompressionSettings:
    part = section.section("compression")
    part.text("algorithm", "gzip")
    algorithm = part.values.get("algorithm", "gzip")
    for key, value in part.values.items():
        # A mapping belongs to an algorithm, if only to one that is not chosen here.
        if key not in _COMPRESSION and key != algorithm and not isinstance(value, Mapping):
            raise part.error(key, f"unknown parameter{did_you_mean(key, _COMPRESSION)}")
    level = part.get("level")
    if isinstance(level, bool) or not isinstance(level, int | None):
        raise part.error("level", f"must be an integer, not {shown(level)}")
    return CompressionSettings(
        algorithm=algorithm,
        level=level,
        params=dict(part.section(algorithm).values),
        max_decompressed_bytes=part.integer("max_decompressed_bytes", _MAX_DECOMPRESSED_BYTES, 1, _LARGEST_BYTES),
    )


def _function(section: Section, key: str) -> Callable[[Any], Any] | None:
    value = section.get(key)
    if value is None:
        return None
    if callable(value):
        function: Callable[[Any], Any] = value
        return function
    words = f"must be a function, given to the constructor; a file cannot hold one, and has {kind(value)}"
    raise InvalidArgumentError(f"{section.at(key)}: {words}", path=section.at(key))
