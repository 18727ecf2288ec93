"""`zstd`, with the package zstandard."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sinetstream.codec.null_layers import too_large
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.spi.value_type import PluginCompression

__all__ = ["Zstd"]

_FIRST_ZSTD_BYTES = 1 << 16  # room for a frame that does not say its size; more is tried when that is too little
_EMPTY_ZSTD_BYTES = 32  # header, one empty block and checksum are 25 at most
_ZSTD_FOR_WRITING = {"level", "dict_data", "write_checksum", "write_content_size", "write_dict_id", "threads"}
_ZSTD_FOR_READING = {"dict_data", "max_window_size"}


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
            place = "compression.zstd" if params else "compression.level"
            raise InvalidArgumentError(
                f"{place}: zstd cannot work with level {options['level']!r} and parameters {sorted(params or {})}: "
                f"{error} (levels are up to 22)",
                path=place,
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
        plain = self._decompress_within(data, max_bytes)
        if len(plain) > max_bytes:
            raise too_large(max_bytes)
        if self._frame_bytes(data) != len(data):  # here `allow_extra_data` is not looked at
            raise InvalidMessageError("decompression: there are bytes behind the zstd frame")
        return plain

    def _decompress_within(self, data: bytes, max_bytes: int) -> bytes:
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

    def _frame_bytes(self, data: bytes) -> int:
        at = int(self._library.frame_header_size(data))
        last = 0
        while not last:  # RFC 8878, section 3.1.1.2; what was decompressed has a last block
            block = int.from_bytes(data[at : at + 3], "little")
            last, kind, size = block & 1, block >> 1 & 3, block >> 3
            at += 3 + (1 if kind == 1 else size)
        return at + (4 if self._library.get_frame_parameters(data).has_checksum else 0)

    def _decompress_empty(self, data: bytes) -> bytes:
        stream = self._library.ZstdDecompressor(**self._reading).decompressobj()
        if len(data) > _EMPTY_ZSTD_BYTES or stream.decompress(data) or not stream.eof or stream.unused_data:
            raise InvalidMessageError("decompression: this is no whole zstd frame and nothing else")
        return b""
