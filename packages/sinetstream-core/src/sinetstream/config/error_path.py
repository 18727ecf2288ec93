"""Where in a configuration an error is, said by whoever knows the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sinetstream.errors import InvalidArgumentError, InvalidConfigError, UnsupportedServiceTypeError
from sinetstream.wording import joined

__all__ = ["placed"]


@contextmanager
def placed(path: str) -> Iterator[None]:
    """Errors about parameters that are raised in the block get `path` before their own, in their text as well.

    One that knows no place is about all that is under `path`; one that begins with `path` is left as it is.
    """
    try:
        yield
    except (InvalidArgumentError, InvalidConfigError, UnsupportedServiceTypeError) as error:
        inner, words = error.path or "", str(error)
        if path and not f"{inner}.".startswith(f"{path}."):
            error.path = joined(path, inner) if inner else path
            begins = inner and words.startswith((f"{inner}:", f"{inner}."))
            error.args = (f"{path}.{words}" if begins else f"{error.path}: {words}",)
        raise
