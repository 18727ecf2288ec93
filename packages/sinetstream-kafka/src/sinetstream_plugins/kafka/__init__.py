"""Apache Kafka, on kafka-python 3."""

from sinetstream_plugins.kafka.__about__ import __version__
from sinetstream_plugins.kafka.kafka_python.version_check import check as _check

_check()  # before kafka-python is imported, whose files another distribution may have overwritten

from sinetstream_plugins.kafka.plugin import (  # noqa: E402
    KafkaAsyncReader,
    KafkaAsyncWriter,
    KafkaReader,
    KafkaWriter,
)

__all__ = ["KafkaAsyncReader", "KafkaAsyncWriter", "KafkaReader", "KafkaWriter", "__version__"]
