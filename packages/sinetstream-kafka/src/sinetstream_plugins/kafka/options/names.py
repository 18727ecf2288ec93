"""All options, declared: this plugin's own, and those of kafka-python that it says something about; the others are derived."""

from __future__ import annotations

from math import inf
from typing import Any

from sinetstream.spi.options import Binary, Choice, Integer, Number, Option, Options, Secret

from sinetstream_plugins.kafka.kafka_python.option_values import CONSUMER_DEFAULTS, PRODUCER_DEFAULTS
from sinetstream_plugins.kafka.options.types import derived, kind_of
from sinetstream_plugins.kafka.options.validators import PATTERN

__all__ = ["BUFFER_MEMORY", "DEFAULTS", "MAX_DECOMPRESSED_BYTES", "OPTIONS", "OWN", "RECORD_TIME", "TOPIC_PATTERN"]

TOPIC_PATTERN = Option[str | None](
    "topic_pattern",
    PATTERN,
    None,
    "instead of topics; new topics are found within `metadata_max_age_ms`, 10 s by default here",
    side="reader",
)
RECORD_TIME = Option(
    "record_time",
    Choice(("publish", "message")),
    "publish",
    "the time that a record has: when it is published, or the message's `timestamp`",
    side="writer",
)
BUFFER_MEMORY = Option(
    "buffer_memory",
    Number(0),
    inf,
    "`max_pending_bytes` of older configurations; the lower of the two counts",
    side="writer",
)
MAX_DECOMPRESSED_BYTES = Option(
    "max_decompressed_bytes",
    Integer(1),
    64 * 1024 * 1024,
    "how many bytes a batch of records that Kafka has compressed may have when it is decompressed",
    side="reader",
)
_CONTENT = (
    Option(f"{name}_data", Secret(Binary()), None, f"the content of `{name}`, before which it counts")
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
)
OWN = (TOPIC_PATTERN, RECORD_TIME, BUFFER_MEMORY, MAX_DECOMPRESSED_BYTES, *_CONTENT)
"""Options that kafka-python does not have."""


def _described(name: str, words: str, default: Any = None, default_words: str = "") -> Option[Any]:
    """kafka-python's option, with words for people."""
    option = derived(name)
    return Option(name, kind_of(name), default, words, option.side, null=option.null, default_words=default_words)


_DESCRIBED = (
    _described("bootstrap_timeout_ms", "how long opening tries to reach the cluster", 10_000),
    _described(
        "reconnect_backoff_max_ms",
        "as in Kafka's own clients, so that reading goes on soon after a broker's restart",
        1000,
    ),
    _described("retry_backoff_ms", "how long kafka-python waits before it asks again", 20, "20; at `EXACTLY_ONCE` 10"),
    _described("transactional_id", "at `EXACTLY_ONCE`", default_words="random"),
    _described("transaction_timeout_ms", "how long a transaction may take, at `EXACTLY_ONCE`", default_words="10,000"),
    _described(
        "heartbeat_interval_ms",
        "less than `session_timeout_ms`",
        default_words="3,000, or a third of `session_timeout_ms`",
    ),
    _described(
        "proxy_url",
        "every connection goes through it, those to the addresses that the brokers advertise too; with `socks5h` the proxy "
        "finds the names",
    ),
    _described("socks5_proxy", "the older name of `proxy_url`"),
    _described(
        "sasl_oauth_token_provider",
        'for `OAUTHBEARER`; the name is `"package.module:callable"` and needs `allow_code=True`',
    ),
)

DEFAULTS = {option.name: option.default for option in _DESCRIBED if option.default is not None}
"""Those that are not kafka-python's."""

_INSTEAD = {
    "bootstrap_servers": "say brokers",
    "client_id": "say client_id beside brokers",
    "consumer_timeout_ms": "say receive_timeout_ms",
    "value_serializer": "say value_serializer beside brokers",
    "value_deserializer": "say value_deserializer beside brokers",
    "key_serializer": "keys are bytes or str",
    "key_deserializer": "keys are bytes",
    "default_offset_commit_callback": "the plugin commits what the application has finished",
    "metric_group_prefix": "it has no effect here",
}


class _KafkaOptions(Options):
    def table(self) -> str:
        """Those that say what they are; kafka-python documents its own."""
        return Options(*(option for option in self.options.values() if option.help)).table()


_ELSEWHERE = {*_INSTEAD, *(option.name for option in (*OWN, *_DESCRIBED))}

OPTIONS = _KafkaOptions(
    *OWN,
    *_DESCRIBED,
    *(derived(name) for name in sorted({*CONSUMER_DEFAULTS, *PRODUCER_DEFAULTS} - _ELSEWHERE)),
    instead={name: f"not for a service of SINETStream; {words}" for name, words in _INSTEAD.items()},
    ignores_unknown_beside=True,
)
