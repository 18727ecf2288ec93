"""The four classes: two are written out, the asynchronous ones are derived from them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from typing import Any

from sinetstream.errors import ConnectionError, InvalidArgumentError, PublishTimeoutError
from sinetstream.spi import (
    Ability,
    AsyncReaderFromReader,
    AsyncWriterFromWriter,
    PluginMessageReader,
    PluginMessageWriter,
    in_seconds,
)
from sinetstream.spi.options import Integer, Option, Options
from sinetstream_plugins.queue.topics import Topic, changing, topic

__all__ = ["QueueAsyncReader", "QueueAsyncWriter", "QueueReader", "QueueWriter"]

_ABILITIES = frozenset((Ability.AT_LEAST_ONCE, Ability.EXACTLY_ONCE, Ability.ACKNOWLEDGE))
_REFUSED = {"tls": "in-process: nothing to encrypt"}
_WINDOW = 1000
_MAXSIZE = Option(
    "maxsize",
    Integer(0),
    10_000,
    "how many messages may wait in a topic before `publish` waits too; 0: any number",
    side="writer",
)
_OPTIONS = Options(_MAXSIZE)


class QueueWriter(PluginMessageWriter):
    """A message is final when it is in the queue; while `maxsize` wait, `publish` waits too."""

    abilities = _ABILITIES
    parameters = frozenset[str]()
    options = _OPTIONS
    refused_parameters = _REFUSED

    def __init__(self, params: dict[str, Any]) -> None:
        name = params.get("topic")
        if not isinstance(name, str):
            raise InvalidArgumentError("topic: the queue plugin needs exactly one to write to", path="topic")
        self._maxsize = _OPTIONS.read(params, "writer")[_MAXSIZE] or inf
        self._timeout = in_seconds(params.get("publish_timeout_ms", 30_000))
        self._topic = topic(name)
        self._closed = True

    def open(self) -> None:
        self._closed = False

    def close(self) -> None:
        with changing:
            self._closed = True
            self._topic.room.notify_all()

    def publish(self, message: bytes) -> None:
        with changing:
            if not (self._may_go_on() or self._topic.wait_for_room(self._may_go_on, self._timeout)):
                raise PublishTimeoutError(
                    f"topic {self._topic.name!r} stayed full ({self._maxsize} messages): it was not sent",
                    outcome="not_sent",
                )
            if self._closed:
                raise ConnectionError("the writer was closed: this message was not sent", outcome="not_sent")
            self._topic.put(message)

    def _may_go_on(self) -> bool:
        return len(self._topic.messages) < self._maxsize or self._closed


class QueueReader(PluginMessageReader):
    """Readers of one topic share its messages; what a closed reader had not finished is the next one's first."""

    abilities = _ABILITIES
    parameters = frozenset[str]()
    options = _OPTIONS
    refused_parameters = _REFUSED

    def __init__(self, params: dict[str, Any]) -> None:
        names = params.get("topics") or []
        if not names:
            raise InvalidArgumentError("topics: the queue plugin needs at least one to read from", path="topics")
        _OPTIONS.read(params, "reader")
        self._topics = [topic(name) for name in names]
        self._timeout = in_seconds(params.get("receive_timeout_ms", inf))
        self._changed = threading.Condition(changing)
        self._unfinished: deque[tuple[Topic, bytes]] = deque()
        self._closed = True

    def open(self) -> None:
        with changing:
            self._closed = False
            for topic in self._topics:
                topic.readers.append(self._changed)

    def close(self) -> None:
        with changing:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
            for topic in self._topics:
                topic.readers.remove(self._changed)
            self._put_back()

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        while True:
            with changing:
                topic = self._ready() or self._waited()
                if topic is None:
                    return
                message = topic.move_oldest(self._unfinished)
                if self._closed:  # just now, by a signal handler
                    self._put_back()
                    return
                if len(self._topics) > 1:  # a busy topic comes last the next time
                    self._topics = [*(other for other in self._topics if other is not topic), topic]
            yield message, topic.name, message

    def acknowledge(self, raw: Any) -> None:
        try:
            if self._unfinished[0][1] is raw:  # without `changing`, for which reader and writer contend enough
                self._unfinished.popleft()
            else:
                self._finish_later_one(raw)
        except IndexError:  # the reader was closed meanwhile
            return
        if len(self._unfinished) >= _WINDOW - 1:  # the window may have been full
            with changing:
                self._changed.notify()

    def _put_back(self) -> None:
        with suppress(IndexError):  # until there is none: an acknowledgement may take the last one
            while True:
                topic, message = self._unfinished.pop()
                topic.put_back(message)

    def _finish_later_one(self, raw: Any) -> None:
        # The one before was interrupted on its way to the application: it comes again after `close`.
        with changing:
            for index, (_, message) in enumerate(self._unfinished):
                if message is raw:
                    del self._unfinished[index]
                    return

    def _waited(self) -> Topic | None:
        self._changed.wait_for(lambda: self._closed or self._ready(), self._timeout)
        return self._ready()

    def _ready(self) -> Topic | None:
        if len(self._unfinished) < _WINDOW and not self._closed:
            for topic in self._topics:
                if topic.messages:
                    return topic
        return None


class QueueAsyncReader(AsyncReaderFromReader):
    """`QueueReader`, calling back."""

    source = QueueReader


class QueueAsyncWriter(AsyncWriterFromWriter):
    """`QueueWriter`, promising."""

    source = QueueWriter
