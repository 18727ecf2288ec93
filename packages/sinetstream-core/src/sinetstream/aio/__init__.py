"""Readers and writers for asyncio: `async with MessageReader("lab") as reader: async for message in reader: ...`"""

from sinetstream.aio.reader import MessageReader
from sinetstream.aio.writer import MessageWriter

__all__ = ["MessageReader", "MessageWriter"]
