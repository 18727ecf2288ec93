"""Apache Kafka, on kafka-python 3."""

from sinetstream_plugins.kafka.__about__ import __version__
from sinetstream_plugins.kafka.kafka_python.version_check import check as _check
from sinetstream_plugins.kafka.kafka_python.version_check import unsupported as _unsupported

_check()  # before anything of kafka-python is imported by name

try:
    from sinetstream_plugins.kafka.plugin import (
        KafkaAsyncReader,
        KafkaAsyncWriter,
        KafkaReader,
        KafkaWriter,
    )
except ImportError as _error:
    if not (_error.name or "").startswith("kafka"):
        raise
    raise _unsupported(str(_error)) from _error

__all__ = ["KafkaAsyncReader", "KafkaAsyncWriter", "KafkaReader", "KafkaWriter", "__version__"]
