"""Which topics were asked for, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sinetstream.errors import InvalidArgumentError
from sinetstream.wording import joined, kind

__all__ = ["Topics", "resolve"]

Topics = str | list[str] | None


def resolve(role: Literal["reader", "writer"], argument: object, params: Mapping[str, Any], path: str) -> Topics:
    """The constructor's argument, else the parameters: a reader's `topics` before `topic`, a writer's the other way.

    A reader gets them as given (a string or a list), a writer one topic; None where there is none.
    """
    own, other = ("topics", "topic") if role == "reader" else ("topic", "topics")
    if argument is not None:
        return _checked(role, argument, own)
    for name in (own, other):
        if params.get(name) is not None:
            return _checked(role, params[name], joined(path, name))
    return None


def _checked(role: str, value: object, path: str) -> str | list[str]:
    if isinstance(value, str):
        if not value:
            raise InvalidArgumentError(f"{path}: must not be empty", path=path)
        return str(value)
    if not isinstance(value, (list, tuple)):
        raise InvalidArgumentError(f"{path}: must be a string or a list of strings, not {kind(value)}", path=path)
    if not value:
        raise InvalidArgumentError(f"{path}: must name at least one topic", path=path)
    for topic in value:
        if not isinstance(topic, str):
            raise InvalidArgumentError(f"{path}: each topic must be a string, not {kind(topic)}", path=path)
        if not topic:
            raise InvalidArgumentError(f"{path}: a topic must not be empty", path=path)
    if role == "reader":
        return [str(topic) for topic in value]
    if len(value) > 1:
        raise InvalidArgumentError(f"{path}: a writer has one topic, not {len(value)}", path=path)
    return str(value[0])
