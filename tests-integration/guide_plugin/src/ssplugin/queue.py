"""A queue plugin as an author would have written it to the plugin guide of SINETStream 1.2, and to nothing newer."""

import math
import queue
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

from promise import Promise

from sinetstream import InvalidArgumentError
from sinetstream.spi import (
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)

queues = defaultdict(queue.Queue)


def topic_from(params):
    name = params.get("topic")
    if not isinstance(name, str):
        raise InvalidArgumentError()
    return name


class QueueWriter(PluginMessageWriter):
    def __init__(self, params):
        self._topic = topic_from(params)
        self._queue = None

    def open(self):
        self._queue = queues[self._topic]

    def close(self):
        self._queue = None

    def publish(self, value):
        self._queue.put(value)


class QueueReader(PluginMessageReader):
    def __init__(self, params):
        self._topic = topic_from(params)
        wait_ms = params.get("receive_timeout_ms", math.inf)
        self._wait = None if wait_ms == math.inf else wait_ms / 1000
        self._queue = None

    def open(self):
        self._queue = queues[self._topic]

    def close(self):
        self._queue = None

    def __iter__(self):
        while True:
            try:
                value = self._queue.get(timeout=self._wait)
            except queue.Empty:
                raise StopIteration()  # the guide's way to end; a RuntimeError since Python 3.7
            yield value, self._topic, value


class QueueAsyncWriter(PluginAsyncMessageWriter):
    def __init__(self, params):
        self._topic = topic_from(params)
        self._queue = None
        self._pool = None

    def open(self):
        self._pool = ThreadPoolExecutor()
        self._queue = queues[self._topic]

    def close(self):
        self._queue = None  # what the pool has not put by now fails
        self._pool.shutdown()

    def publish(self, value):
        return Promise.cast(self._pool.submit(lambda: self._queue.put(value)))


class QueueAsyncReader(PluginAsyncMessageReader):
    def __init__(self, params):
        self._topic = topic_from(params)
        self._queue = None
        self._pool = None
        self._polling = None
        self._closed = True
        self._on_message = None
        self._on_failure = None

    def open(self):
        if not self._closed:
            return
        self._queue = queues[self._topic]
        self._closed = False
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._polling = self._pool.submit(self._poll)

    def close(self):
        if self._closed:
            return
        self._queue = None  # ends the polling thread, with an error that nobody sees
        self._polling.cancel()
        self._pool.shutdown()
        self._pool = self._polling = None
        self._closed = True

    def _poll(self):
        while not self._closed:
            try:
                value = self._queue.get(timeout=0.1)
            except queue.Empty:
                continue
            if self._on_message is not None:
                self._on_message(value, self._topic, value)

    @property
    def on_message(self):
        return self._on_message

    @on_message.setter
    def on_message(self, callback):
        self._on_message = callback

    @property
    def on_failure(self):
        return self._on_failure

    @on_failure.setter
    def on_failure(self, callback):
        self._on_failure = callback
