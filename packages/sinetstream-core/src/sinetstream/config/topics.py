"""Which topics were asked for, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sinetstream.config.section import joined, kind
from sinetstream.errors import InvalidArgumentError

__all__ = ["Topics", "resolve"]

Topics = str | list[str] | None


def resolve(role: Literal["reader", "writer"], argument: object, params: Mapping[str, Any], path: str) -> Topics:
    """The constructor's argument, else `topics` and `topic` of the parameters, which must agree where both are given.

    A reader gets them as given (a string or a list), a writer one topic; None where there is none.
    """
    if argument is not None:
        return _checked(role, argument, "topics" if role == "reader" else "topic")
    found = {
        name: _checked(role, params[name], joined(path, name))
        for name in ("topics", "topic")
        if params.get(name) is not None
    }
    if len(found) == 2 and _as_list(found["topic"]) != _as_list(found["topics"]):
        where = joined(path, "topic")
        raise InvalidArgumentError(f"{where}: differs from topics beside it; give one of them", path=where)
    return next(iter(found.values()), None)


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


def _as_list(topics: str | list[str]) -> list[str]:
    return [topics] if isinstance(topics, str) else topics
