"""File parameters given by their content (`ca_certs_data`), as files that live as long as a connection."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sinetstream.config.merge import copied
from sinetstream.errors import InvalidArgumentError, SinetError
from sinetstream.masked import MaskedBytes
from sinetstream.wording import joined, kind

__all__ = ["files", "has_inline"]

_SUFFIX = "_data"
_TLS = ("ca_certs", "certfile", "keyfile")
_KAFKA = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")


def has_inline(params: Mapping[str, Any]) -> bool:
    """Whether a file parameter is given by its content."""
    return next(_inline(params, ""), None) is not None


@contextmanager
def files(params: Mapping[str, Any], path: str = "") -> Iterator[dict[str, Any]]:
    """A copy of `params` in which each file parameter given by its content has the path of a file instead.

    That is `ca_certs_data`, `certfile_data` and `keyfile_data` of `tls` or `tls_set`, and `ssl_cafile_data`,
    `ssl_certfile_data`, `ssl_keyfile_data` and `ssl_crlfile_data`, at the top or in `type_spec`; nothing else is
    touched. A path given beside it is overridden. The files are readable by their owner alone and gone when the block
    ends, however it ends.
    """
    result: dict[str, Any] = copied(params, path)
    places = list(_inline(result, path))
    if not places:
        yield result
        return
    contents = [_content(mapping[name + _SUFFIX], joined(at, name + _SUFFIX)) for mapping, name, at in places]
    import tempfile  # heavy, and few need it
    from pathlib import Path

    try:
        directory = tempfile.TemporaryDirectory(prefix="sinetstream-", ignore_cleanup_errors=True)
    except OSError as error:
        raise SinetError(f"cannot make a temporary directory: {error.strerror}") from error
    with directory as where:
        for number, ((mapping, name, _), content) in enumerate(zip(places, contents, strict=True)):
            file = str(Path(where) / f"{number}-{name}.pem")
            _write(file, content)
            del mapping[name + _SUFFIX]
            mapping[name] = file
        yield result


def _inline(params: Mapping[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    for top, at in ((params, path), (params.get("type_spec"), joined(path, "type_spec"))):
        if not isinstance(top, Mapping):
            continue
        groups = [(top, _KAFKA, at)] + [(top.get(name), _TLS, joined(at, name)) for name in ("tls", "tls_set")]
        for mapping, names, place in groups:
            if isinstance(mapping, Mapping):
                yield from ((mapping, name, place) for name in names if name + _SUFFIX in mapping)  # type: ignore[misc]


def _content(value: Any, path: str) -> bytes:
    if isinstance(value, bytes):
        return MaskedBytes(value)
    if not isinstance(value, str):
        raise InvalidArgumentError(
            f"{path}: must be the content of a file, text or bytes, not {kind(value)}", path=path
        )
    content = None
    with suppress(UnicodeEncodeError):  # which holds the text, and so is not to be the context of ours
        content = MaskedBytes(value.encode())
    if content is None:
        raise InvalidArgumentError(f"{path}: has characters that UTF-8 does not have", path=path)
    return content


def _write(file: str, content: bytes) -> None:
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise SinetError(f"cannot write a temporary file: {error.strerror}") from error
