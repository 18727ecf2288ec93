"""Merged parameters into the settings of one service."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from sinetstream.config.encoding import codec_settings
from sinetstream.config.error_path import placed
from sinetstream.config.section import Section
from sinetstream.config.switches import check_switches
from sinetstream.config.topics import Topics
from sinetstream.config.unknown import refuse_unknown
from sinetstream.consistency import Consistency
from sinetstream.settings import CodecSettings, OnInvalid, ServiceSettings
from sinetstream.wording import kind, shown

__all__ = ["service_settings"]

_CONSISTENCY = {member.name: member for member in Consistency}
_BY_NUMBER = {member.value: member for member in Consistency}


def service_settings(
    service: str | None,
    params: Mapping[str, Any],
    topics: Topics,
    path: str,
    version: int,
    plugin_parameters: Callable[[str], frozenset[str] | None],
) -> ServiceSettings:
    """Every parameter checked; `InvalidArgumentError` with its path at the first that is wrong."""
    section = Section(params, path)
    plugin_type = section.text("type", None)
    if plugin_type is None:
        words = "is required: the name of the messaging system, as in 'type: kafka' in the file or type='kafka'"
        raise section.error("type", words)
    with placed(path):
        declared = plugin_parameters(section.values["type"])  # which prints masked, where the environment has it
    refuse_unknown(section, version, plugin_type, declared)
    section.section("type_spec")
    _check_tls(section)
    return ServiceSettings(
        service=service,
        type=plugin_type,
        topics=() if topics is None else (topics,) if isinstance(topics, str) else tuple(topics),
        topics_as_given=topics,
        consistency=_consistency(section),
        client_id=_client_id(section),
        receive_timeout_ms=_receive_timeout_ms(section),
        publish_timeout_ms=section.duration("publish_timeout_ms", 30_000),
        close_timeout_ms=section.duration("close_timeout_ms", 10_000),
        max_pending_bytes=section.integer("max_pending_bytes", 64 * 1024 * 1024, 1),
        on_invalid=_on_invalid(section),
        codec=_codec_settings(params, path, version),
        params=params,
        path=path,
        version=version,
    )


def _codec_settings(params: Mapping[str, Any], path: str, version: int) -> CodecSettings:
    settings = codec_settings(params, path)
    check_switches(params, path, version)
    return settings


def _consistency(section: Section) -> Consistency:
    value = section.values.get("consistency", Consistency.AT_MOST_ONCE)
    if isinstance(value, Consistency):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value in _BY_NUMBER:
        return _BY_NUMBER[value]
    if isinstance(value, str) and value.upper() in _CONSISTENCY:
        return _CONSISTENCY[value.upper()]
    words = ", ".join(f"{member.name} ({member.value})" for member in Consistency)
    raise section.error("consistency", f"must be one of {words}, not {shown(value)}")


def _check_tls(section: Section) -> None:
    tls, ssl = section.get("tls"), sys.modules.get("ssl")  # who gives an SSLContext has imported it
    if not isinstance(tls, bool | Mapping | None) and not (ssl is not None and isinstance(tls, ssl.SSLContext)):
        words = "must be true, false, a mapping, or in code an ssl.SSLContext"
        raise section.error("tls", f"{words}, not {kind(tls)}")


def _client_id(section: Section) -> str:
    if section.get("client_id") in (None, ""):
        from uuid import uuid4

        return f"sinetstream-{uuid4()}"
    return str(section.text("client_id", ""))


def _receive_timeout_ms(section: Section) -> float:
    if section.get("receive_timeout_ms") is None:
        return float("inf")
    return section.duration("receive_timeout_ms", float("inf"))


def _on_invalid(section: Section) -> OnInvalid:
    value = section.values.get("on_invalid", "raise")
    if callable(value):
        return cast(OnInvalid, value)
    if isinstance(value, str) and value in ("raise", "skip"):
        return cast(Literal["raise", "skip"], str(value))
    raise section.error("on_invalid", f"must be raise, skip or a function, not {shown(value)}")
