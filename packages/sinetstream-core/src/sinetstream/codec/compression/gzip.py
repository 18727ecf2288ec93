"""`gzip`, which is the zlib format."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from sinetstream.codec.null_layers import too_large
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.spi.value_type import PluginCompression

__all__ = ["Gzip"]

# zlib clears 256 KiB before it looks at the first byte. With a window that small data fit into all the same, it clears 24,
# which is up to 15 times faster; the stream says so in its header, and every reader of RFC 1950 takes it.
_SMALL_BYTES = 3 * 1024
_FOR_SMALL = {"wbits": 12, "memLevel": 6}
_PIECE_BYTES = 64 * 1024  # zlib collects what it makes of one call in blocks, and joins them: twice the memory


class Gzip(PluginCompression):
    """`gzip`: a zlib stream (RFC 1950), as every SINETStream writes under this name. Levels -1 to 9.

    `params` are those of `zlib.compressobj`: level (wins over `level`), wbits, memLevel, strategy, zdict; wbits and zdict
    count for reading too. A stream that is cut off is refused, and so are bytes behind its end, which no writer writes.
    """

    def __init__(self, level: int | None = None, params: Mapping[str, Any] | None = None) -> None:
        options = {"level": -1 if level is None else level, **(params or {})}
        self._writing = options
        self._writing_small = options | _FOR_SMALL if options.keys() == {"level"} else options
        self._reading = {name: options[name] for name in ("wbits", "zdict") if name in options}
        try:
            zlib.compressobj(**self._writing)
            zlib.decompressobj(**self._reading)
        except (TypeError, ValueError, zlib.error) as error:
            place = "compression.gzip" if params else "compression.level"
            raise InvalidArgumentError(
                f"{place}: gzip cannot work with level {options['level']!r} and parameters {sorted(params or {})}: "
                f"{error} (levels are -1 to 9)",
                path=place,
            ) from error

    @property
    def compressor(self) -> Callable[[bytes], bytes]:
        return self._compress

    @property
    def decompressor(self) -> Callable[[bytes], bytes]:
        return self.bounded_decompressor(sys.maxsize - 1)

    def bounded_decompressor(self, max_bytes: int) -> Callable[[bytes], bytes]:
        options = self._reading

        def decompress(data: bytes) -> bytes:
            stream = zlib.decompressobj(**options)
            try:
                plain, given = _decompressed(stream, data, max_bytes + 1)
            except zlib.error as error:
                raise InvalidMessageError("decompression: this is not zlib data") from error
            if len(plain) > max_bytes:
                raise too_large(max_bytes)
            if not stream.eof:
                raise InvalidMessageError("decompression: the zlib data is cut off")
            if stream.unused_data or given < len(data):
                raise InvalidMessageError("decompression: there are bytes behind the zlib data")
            return plain

        return decompress

    def _compress(self, data: bytes) -> bytes:
        stream = zlib.compressobj(**(self._writing_small if len(data) <= _SMALL_BYTES else self._writing))
        return stream.compress(data) + stream.flush()


def _decompressed(stream: Any, data: bytes, limit: int) -> tuple[bytes, int]:
    """At most `limit` bytes, and how much of `data` the stream was given before it ended or reached the limit."""
    if len(data) <= _PIECE_BYTES:
        return stream.decompress(data, limit), len(data)
    plain = BytesIO()
    given = 0
    with memoryview(data) as view:
        while given < len(data) and plain.tell() < limit and not stream.eof:
            plain.write(stream.decompress(view[given : given + _PIECE_BYTES], limit - plain.tell()))
            given = min(given + _PIECE_BYTES, len(data))
    return plain.getvalue(), given
