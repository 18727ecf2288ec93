"""A password that stands in a file."""

from __future__ import annotations

import os
from pathlib import Path

from sinetstream.config.section import Section
from sinetstream.masked import MaskedBytes
from sinetstream.wording import kind

__all__ = ["content"]

_LARGEST = 64 * 1024


def content(section: Section, key: str) -> bytes:
    """What is in the file that `key` names, without one line end; `InvalidArgumentError` where that is nothing."""
    path = section.get(key)
    if not isinstance(path, (str, os.PathLike)):
        raise section.error(key, f"must be the path of a file, not {kind(path)}")
    try:
        with Path(path).expanduser().open("rb") as stream:
            data = MaskedBytes(stream.read(_LARGEST + 1))
    except OSError as error:
        raise section.error(key, f"cannot read the password file {path}: {error.strerror}") from None
    except (ValueError, RuntimeError):
        raise section.error(key, "cannot be the path of a file") from None
    if len(data) > _LARGEST:
        raise section.error(key, f"the password file is larger than {_LARGEST:,} bytes")
    for end in (b"\r\n", b"\n"):
        if data.endswith(end):
            data = MaskedBytes(data.removesuffix(end))
            break
    if not data:
        raise section.error(key, "the password file is empty")
    return data
