"""`params`, with which a plugin is constructed: the parameters as configured, and the resolved values of the core."""

from __future__ import annotations

from typing import Any, Literal

from sinetstream import config, plugins
from sinetstream.codec.build import build
from sinetstream.message import Message
from sinetstream.settings import ServiceSettings

__all__ = ["plugin_params"]


def plugin_params(
    role: Literal["reader", "writer"], settings: ServiceSettings, plugin_class: type[Any], receive_timeout_ms: float
) -> dict[str, Any]:
    """A deep copy of the parameters with resolved values; those in the class's `encoded_parameters` are encoded."""
    params: dict[str, Any] = config.copied(settings.params, settings.path)
    for name in ("topic", "topics"):
        params.pop(name, None)
    if len(settings.topics) == 1:
        params["topic"] = settings.topics[0]
    if role == "reader":
        params["topics"] = list(settings.topics)
        params["receive_timeout_ms"] = receive_timeout_ms
    params["type_spec"] = params.get("type_spec") or {}
    for path in getattr(plugin_class, "encoded_parameters", ()):
        _encode_parameter(settings, params, path)
    params.update(
        type=settings.type,
        consistency=settings.consistency,
        client_id=settings.client_id,
        client_id_generated=settings.params.get("client_id") in (None, ""),
        config_version=settings.version,
        publish_timeout_ms=settings.publish_timeout_ms,
        close_timeout_ms=settings.close_timeout_ms,
        max_pending_bytes=settings.max_pending_bytes,
    )
    return params


def _encode_parameter(settings: ServiceSettings, params: dict[str, Any], path: str) -> None:
    *place, name = path.split(".")
    around: Any = params
    for part in place:
        around = around.get(part) if isinstance(around, dict) else None
    if not isinstance(around, dict) or name not in around:
        return
    at = ".".join(filter(None, (settings.path, *place)))
    codec_settings = config.codec_settings({**settings.params, **around}, at)
    config.check_switches(around, at, settings.version, settings.params)
    with config.placed(at):
        codec = build(codec_settings, plugins.load, writing=True)
    around[name] = codec.encode(around[name], Message.NOTSTAMP)[0]
