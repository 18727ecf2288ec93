"""From a configured `type` to the class that a reader or writer uses, whichever entry-point groups the plugin has."""

from __future__ import annotations

from typing import Any

from sinetstream import plugins

__all__ = ["async_writer", "blocking_writer", "callback_reader", "iterating_reader"]


def iterating_reader(name: str) -> type[Any]:
    """A class that is iterated, for `MessageReader` and `aio`: an old plugin's `reader` does not read ahead."""
    return _iterated(*plugins.find(name, "sinetstream.reader", "sinetstream.async_reader"))


def callback_reader(name: str) -> type[Any]:
    """A class that is iterated, for `AsyncMessageReader`: callbacks run on our thread, not the plugin's."""
    return _iterated(*plugins.find(name, "sinetstream.async_reader", "sinetstream.reader"))


def blocking_writer(name: str) -> type[Any]:
    """A class whose `publish` waits, for `MessageWriter`."""
    group, cls = plugins.find(name, "sinetstream.writer", "sinetstream.async_writer")
    if group == "sinetstream.writer":
        return cls
    from sinetstream.spi.adapters import WriterFromAsyncWriter, derive

    return derive(WriterFromAsyncWriter, cls)


def async_writer(name: str) -> type[Any]:
    """A class whose `publish` returns a promise, for `AsyncMessageWriter` and `aio`."""
    group, cls = plugins.find(name, "sinetstream.async_writer", "sinetstream.writer")
    if group == "sinetstream.async_writer":
        return cls
    from sinetstream.spi.adapters import AsyncWriterFromWriter, derive

    return derive(AsyncWriterFromWriter, cls)


def _iterated(group: str, cls: type[Any]) -> type[Any]:
    if group == "sinetstream.reader":
        return cls
    from sinetstream.spi.adapters import AsyncReaderFromReader, ReaderFromAsyncReader, derive

    if issubclass(cls, AsyncReaderFromReader) and not _does_more(cls, AsyncReaderFromReader):
        return cls.source
    return derive(ReaderFromAsyncReader, cls)


def _does_more(cls: type[Any], adapter: type[Any]) -> bool:
    """Whether it has methods of its own, which iterating its source alone would leave out."""
    own = cls.__mro__[: cls.__mro__.index(adapter)]
    return any(
        name != "source" and (callable(value) or isinstance(value, property))
        for base in own
        for name, value in vars(base).items()
    )
