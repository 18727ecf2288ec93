"""What each option of kafka-python's may be, as far as it is known without a broker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sinetstream.spi.options import Boolean, Choice, Code, Kind, Number, Option, Text

from sinetstream_plugins.kafka.kafka_python.option_values import CONSUMER_DEFAULTS, PRODUCER_DEFAULTS, SASL_MECHANISMS
from sinetstream_plugins.kafka.options.validators import ANYTHING, COUNT, KINDS, POSITIVE

__all__ = ["derived", "kind_of"]

Side = Literal["reader", "writer", "both"]


def derived(name: str) -> Option[Any]:
    """kafka-python's option of this name, without a default: where it is not given, kafka-python's own counts."""
    in_reader, in_writer = name in CONSUMER_DEFAULTS, name in PRODUCER_DEFAULTS
    side: Side = "both" if in_reader and in_writer else "reader" if in_reader else "writer"
    default = CONSUMER_DEFAULTS.get(name, PRODUCER_DEFAULTS.get(name))
    return Option(name, kind_of(name), None, side=side, null=default is None and name != "transactional_id")


def kind_of(name: str) -> Kind[Any]:
    """From the name, or else from kafka-python's default."""
    return _KINDS.get(name) or _kind_of_default(CONSUMER_DEFAULTS.get(name, PRODUCER_DEFAULTS.get(name)))


def _kind_of_default(default: Any) -> Kind[Any]:
    if isinstance(default, bool):
        return Boolean()
    if isinstance(default, int | float):
        return Number(0)
    if isinstance(default, str):
        return Text()
    return Code() if callable(default) else ANYTHING


_KINDS: Mapping[str, Kind[Any]] = {
    **KINDS,
    "acks": Choice(("all", 0, 1), {-1: -1}),
    "auto_offset_reset": Choice(("earliest", "latest", "none"), {"smallest": "earliest", "largest": "latest"}),
    "client_dns_lookup": Choice(("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only")),
    "isolation_level": Choice(("read_committed", "read_uncommitted")),
    "sasl_mechanism": Choice(tuple(sorted(SASL_MECHANISMS))),
    "security_protocol": Choice(("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")),
    **dict.fromkeys(
        (
            "group_id",
            "group_instance_id",
            "sasl_kerberos_domain_name",
            "sasl_kerberos_name",
            "ssl_ciphers",
            "transactional_id",
        ),
        Text(),
    ),
    **dict.fromkeys(
        (
            "max_in_flight_requests_per_connection",
            "max_poll_records",
            "metrics_num_samples",
            "receive_message_max_bytes",
            "request_timeout_ms",
            "transaction_timeout_ms",
        ),
        POSITIVE,
    ),
    **dict.fromkeys(  # the first six are told to a broker
        (
            "fetch_max_bytes",
            "fetch_max_wait_ms",
            "fetch_min_bytes",
            "max_partition_fetch_bytes",
            "max_poll_interval_ms",
            "session_timeout_ms",
            "receive_buffer_bytes",
            "send_buffer_bytes",
        ),
        COUNT,
    ),
}
