"""The compressions that come with the core: `gzip`, which is the zlib format, and `zstd`."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from sinetstream.codec.plain import too_large
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.spi.value_type import PluginCompression

__all__ = ["Gzip", "Zstd"]

_FIRST_ZSTD_BYTES = 1 << 16  # room for a frame that does not say its size; more is tried when that is too little
_EMPTY_ZSTD_BYTES = 32  # header, one empty block and checksum are 25 at most
_ZSTD_FOR_WRITING = {"level", "dict_data", "write_checksum", "write_content_size", "write_dict_id", "threads"}
_ZSTD_FOR_READING = {"dict_data", "max_window_size"}


class Gzip(PluginCompression):
    """`gzip`: a zlib stream (RFC 1950), as every SINETStream writes under this name. Levels -1 to 9.

    `params` are those of `zlib.compressobj`: level (wins over `level`), wbits, memLevel, strategy, zdict; wbits and zdict
    count for reading too. A stream that is cut off is refused, and so are bytes behind its end, which no writer writes.
    """

    def __init__(self, level: int | None = None, params: Mapping[str, Any] | None = None) -> None:
        options = {"level": -1 if level is None else level, **(params or {})}
        self._writing = options
        self._reading = {name: options[name] for name in ("wbits", "zdict") if name in options}
        try:
            zlib.compressobj(**self._writing)
            zlib.decompressobj(**self._reading)
        except (TypeError, ValueError, zlib.error) as error:
            raise InvalidArgumentError(
                f"compression: gzip cannot work with level {options['level']!r} and parameters {sorted(params or {})}: "
                f"{error} (levels are -1 to 9)",
                path="compression.gzip" if params else "compression.level",
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
                plain = stream.decompress(data, max_bytes + 1)
            except zlib.error as error:
                raise InvalidMessageError("decompression: this is not zlib data") from error
            if len(plain) > max_bytes:
                raise too_large(max_bytes)
            if not stream.eof:
                raise InvalidMessageError("decompression: the zlib data is cut off")
            if stream.unused_data:
                raise InvalidMessageError("decompression: there are bytes behind the zlib data")
            return plain

        return decompress

    def _compress(self, data: bytes) -> bytes:
        stream = zlib.compressobj(**self._writing)
        return stream.compress(data) + stream.flush()


class Zstd(PluginCompression):
    """`zstd`: one Zstandard frame (RFC 8878). Levels from negative ones to 22; the default is 3.

    `params`: level (wins over `level`), dict_data (bytes), write_checksum, write_content_size, write_dict_id, threads;
    for reading dict_data and max_window_size. Frames are read with and without their size in the header. Bytes
    missing from the frame or standing behind it are refused.
    """

    def __init__(self, level: int | None = None, params: Mapping[str, Any] | None = None) -> None:
        try:
            import zstandard  # an extra
        except ImportError as error:
            raise InvalidArgumentError(
                "compression.algorithm: zstd needs the package zstandard: pip install 'sinetstream-core[zstd]'",
                path="compression.algorithm",
            ) from error
        options = {"level": 3 if level is None else level, **(params or {})}
        if unknown := sorted(options.keys() - _ZSTD_FOR_WRITING - _ZSTD_FOR_READING):
            known = ", ".join(sorted(_ZSTD_FOR_WRITING | _ZSTD_FOR_READING))
            raise InvalidArgumentError(
                f"compression.zstd: unknown parameter {', '.join(map(repr, unknown))}; there are {known}",
                path="compression.zstd",
            )
        try:
            if isinstance(options.get("dict_data"), bytes):
                options["dict_data"] = zstandard.ZstdCompressionDict(options["dict_data"])
            writing = {name: value for name, value in options.items() if name in _ZSTD_FOR_WRITING}
            reading = {name: value for name, value in options.items() if name in _ZSTD_FOR_READING}
            zstandard.ZstdCompressor(**writing)
            zstandard.ZstdDecompressor(**reading)
        except (TypeError, ValueError, OverflowError, zstandard.ZstdError) as error:
            raise InvalidArgumentError(
                f"compression: zstd cannot work with level {options['level']!r} and parameters {sorted(params or {})}: "
                f"{error}",
                path="compression.zstd" if params else "compression.level",
            ) from error
        self._library = zstandard
        self._writing = writing
        self._reading = reading
        self._of_thread = threading.local()  # making one costs more than compressing a small message with it

    @property
    def compressor(self) -> Callable[[bytes], bytes]:
        return self._compress

    @property
    def decompressor(self) -> Callable[[bytes], bytes]:
        return self.bounded_decompressor(sys.maxsize)

    def bounded_decompressor(self, max_bytes: int) -> Callable[[bytes], bytes]:
        frame_content_size = self._library.frame_content_size
        zstd_error = self._library.ZstdError

        def decompress(data: bytes) -> bytes:
            try:
                size = frame_content_size(data)
                if size > max_bytes:
                    raise too_large(max_bytes)
                if size > 0:
                    return self._decompress(data, 0)
                return self._decompress_empty(data) if size == 0 else self._decompress_unsized(data, max_bytes)
            except zstd_error as error:
                raise InvalidMessageError("decompression: this is no whole zstd frame and nothing else") from error

        return decompress

    def _compress(self, data: bytes) -> bytes:
        try:
            compressor = self._of_thread.compressor
        except AttributeError:
            compressor = self._of_thread.compressor = self._library.ZstdCompressor(**self._writing)
        compressed: bytes = compressor.compress(data)
        return compressed

    def _decompress(self, data: bytes, max_output_bytes: int) -> bytes:
        try:
            decompressor = self._of_thread.decompressor
        except AttributeError:
            decompressor = self._of_thread.decompressor = self._library.ZstdDecompressor(**self._reading)
        plain: bytes = decompressor.decompress(data, max_output_size=max_output_bytes, allow_extra_data=False)
        return plain

    def _decompress_unsized(self, data: bytes, max_bytes: int) -> bytes:
        room = _FIRST_ZSTD_BYTES
        while room < max_bytes:
            try:
                return self._decompress(data, room)
            except self._library.ZstdError:
                room *= 16
        try:
            return self._decompress(data, max(max_bytes, 1))
        except self._library.ZstdError as error:
            raise InvalidMessageError(
                f"decompression: this is no whole zstd frame, or it is larger than {max_bytes} bytes: "
                "if that is right, raise compression.max_decompressed_bytes"
            ) from error

    def _decompress_empty(self, data: bytes) -> bytes:
        stream = self._library.ZstdDecompressor(**self._reading).decompressobj()
        if len(data) > _EMPTY_ZSTD_BYTES or stream.decompress(data) or not stream.eof or stream.unused_data:
            raise InvalidMessageError("decompression: this is no whole zstd frame and nothing else")
        return b""
