"""From the classes that are natural to a messaging system to the ones that are not.

A plugin writes two classes and derives the others:

    class LabAsyncReader(AsyncReaderFromReader):
        source = LabReader
"""

from sinetstream.spi.adapters.adapter import derive
from sinetstream.spi.adapters.reading import AsyncReaderFromReader, ReaderFromAsyncReader
from sinetstream.spi.adapters.writing import AsyncWriterFromWriter, WriterFromAsyncWriter

__all__ = [
    "AsyncReaderFromReader",
    "AsyncWriterFromWriter",
    "ReaderFromAsyncReader",
    "WriterFromAsyncWriter",
    "derive",
]
