"""The four classes: a reader that is iterated and a writer that promises; the other two are derived from them."""

from __future__ import annotations

from sinetstream.spi import AsyncReaderFromReader, WriterFromAsyncWriter

from sinetstream_plugins.kafka.reader import KafkaReader
from sinetstream_plugins.kafka.writer import KafkaAsyncWriter

__all__ = ["KafkaAsyncReader", "KafkaAsyncWriter", "KafkaReader", "KafkaWriter"]


class KafkaAsyncReader(AsyncReaderFromReader):
    """`KafkaReader`, calling back."""

    source = KafkaReader


class KafkaWriter(WriterFromAsyncWriter):
    """`KafkaAsyncWriter`, waiting."""

    source = KafkaAsyncWriter
