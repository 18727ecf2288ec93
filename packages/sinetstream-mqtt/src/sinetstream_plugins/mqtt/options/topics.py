"""Topic names, and filters with wildcards."""

from __future__ import annotations

from typing import Any

from sinetstream.spi.options import wrong
from sinetstream_plugins.mqtt.options.utf8_rules import fault

__all__ = ["filters", "name"]


def name(topic: Any, path: str = "topic") -> str:
    """A topic to write to."""
    if topic is None:
        raise wrong(path, "the MQTT plugin needs exactly one to write to")
    _check(topic, path)
    if "+" in topic or "#" in topic:
        raise wrong(path, f"{topic!r} has a wildcard: only readers may")
    if topic.startswith("$share/"):
        raise wrong(path, f"{topic!r} is a shared subscription: only readers may")
    return str(topic)


def filters(topics: Any) -> list[str]:
    """Topics to read from; `+` is one level, `#` all that follow, `$share/group/...` shares among readers."""
    if not topics:
        raise wrong("topics", "the MQTT plugin needs at least one to read from")
    for topic in topics:
        _check(topic, "topics")
        levels = topic.split("/")
        if levels[0] == "$share" and (len(levels) < 3 or not levels[1] or {"+", "#"} & set(levels[1])):
            raise wrong("topics", f"{topic!r} must be $share/group/topic")
        if "#" in levels[:-1] or any(len(level) > 1 and {"+", "#"} & set(level) for level in levels):
            raise wrong("topics", f"in {topic!r} + must be a whole level, and # the whole last one")
    return list(dict.fromkeys(topics))


def _check(topic: Any, path: str) -> None:
    if not isinstance(topic, str) or not topic:
        raise wrong(path, f"{topic!r} is no topic of MQTT")
    if (why := fault(topic)) is not None:
        raise wrong(path, f"{topic[:50]!r} {why}")
