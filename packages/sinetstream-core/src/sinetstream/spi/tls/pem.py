"""Certificates and keys as bytes: from a file or from the parameters themselves, and back to a file where `ssl` wants one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sinetstream.errors import SinetError
from sinetstream.masked import MaskedBytes
from sinetstream.wording import wrong

__all__ = ["Pem", "as_file", "labels"]

_LARGEST = 16 * 1024 * 1024
_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")


@dataclass(frozen=True, slots=True)
class Pem:
    """One of the files of a `tls` section: the `file` to read, or its `content`. `path` is where errors say it is."""

    path: str
    file: str | None = None
    content: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"the file {self.file}" if self.file is not None else "the text"

    def read(self) -> bytes:
        """The bytes as they are now. Raises `InvalidArgumentError` where the file cannot be read."""
        if self.content is not None:
            return self.content
        if self.file is None:
            return b""
        try:
            with Path(self.file).open("rb") as stream:
                content = MaskedBytes(stream.read(_LARGEST + 1))
        except OSError as error:
            raise wrong(self.path, f"cannot read the file {self.file}: {error.strerror}") from error
        except ValueError:
            raise wrong(self.path, "cannot be the path of a file") from None
        if len(content) > _LARGEST:
            raise wrong(self.path, f"the file {self.file} is larger than {_LARGEST:,} bytes")
        return content


def labels(content: bytes) -> set[bytes]:
    """What stands in text of the PEM form: `CERTIFICATE`, `PRIVATE KEY`, ..."""
    return set(_LABEL.findall(content))


@contextmanager
def as_file(content: bytes) -> Iterator[str]:
    """The path of a file with this content, for as long as the block runs.

    It is in memory alone where the system can do that (Linux), else readable by its owner alone and removed.
    """
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("sinetstream-tls", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(number), "wb") as stream:
                stream.write(content)
            path = f"/proc/self/fd/{number}"
            if Path(path).exists():  # not where /proc is missing
                yield path
                return
        finally:
            os.close(number)
    import tempfile

    try:
        number, path = tempfile.mkstemp(prefix="sinetstream-", suffix=".pem")
    except OSError as error:
        raise SinetError(f"cannot make a temporary file: {error.strerror}") from error
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        yield path
    finally:
        Path(path).unlink(missing_ok=True)
