"""The parameters that mean the same for every messaging system."""

from __future__ import annotations

__all__ = ["COMMON_PARAMETERS"]

COMMON_PARAMETERS = frozenset(
    {
        "allow_code",
        "brokers",
        "client_id",
        "close_timeout_ms",
        "compression",
        "consistency",
        "crypto",
        "data_compression",
        "data_encryption",
        "max_pending_bytes",
        "message_format",
        "on_invalid",
        "publish_timeout_ms",
        "receive_timeout_ms",
        "tls",
        "topic",
        "topics",
        "type",
        "type_spec",
        "use_realtime_clock",
        "user_data_only",
        "value_deserializer",
        "value_serializer",
        "value_type",
    }
)
"""The parameters that mean the same for every messaging system (`use_realtime_clock` is MicroPython's, and ignored)."""
