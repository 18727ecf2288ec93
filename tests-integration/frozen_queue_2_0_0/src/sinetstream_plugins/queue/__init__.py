"""Messages within one process: the embedded default, and the plugin to read before writing one."""

from sinetstream_plugins.queue.__about__ import __version__
from sinetstream_plugins.queue.plugin import QueueAsyncReader, QueueAsyncWriter, QueueReader, QueueWriter

__all__ = ["QueueAsyncReader", "QueueAsyncWriter", "QueueReader", "QueueWriter", "__version__"]
