"""Finding plugins by entry point, loading them on use."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

from sinetstream.errors import InvalidArgumentError, UnsupportedServiceTypeError
from sinetstream.spelling import near
from sinetstream.spi.plugin import (
    PluginAsyncMessageReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)
from sinetstream.spi.value_type import PluginCompression, PluginValueType

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["find", "installed", "load", "register"]

_CONTRACTS: dict[str, type[Any]] = {
    "sinetstream.reader": PluginMessageReader,
    "sinetstream.writer": PluginMessageWriter,
    "sinetstream.async_reader": PluginAsyncMessageReader,
    "sinetstream.async_writer": PluginAsyncMessageWriter,
    "sinetstream.value_type": PluginValueType,
    "sinetstream.compression": PluginCompression,
}

_PLACES = {"sinetstream.value_type": "value_type", "sinetstream.compression": "compression.algorithm"}

_lock = threading.Lock()
_registered: dict[tuple[str, str], type[Any]] = {}
_loaded: dict[tuple[str, str], type[Any]] = {}


def register(name: str, **classes: type[Any]) -> ExitStack:
    """Let `type: name` mean these classes from now on, in tests and notebooks, until the result's `close()`.

    The result is a context manager too. The keywords are the groups without their prefix: `reader`, `writer`,
    `async_reader`, `async_writer`, `value_type`, `compression`. What is registered hides what is installed under the same
    name; objects constructed meanwhile keep their plugin afterwards. Raises `InvalidArgumentError` for an unknown group,
    an unusable class, or a name registered already.
    """
    groups = {f"sinetstream.{group}": cls for group, cls in classes.items()}
    for group, cls in groups.items():
        if group not in _CONTRACTS:
            known = ", ".join(known.removeprefix("sinetstream.") for known in _CONTRACTS)
            raise InvalidArgumentError(f"register: {group.removeprefix('sinetstream.')!r} is none of {known}")
        if problem := _problem(group, cls):
            raise InvalidArgumentError(f"register: {problem}")
    with _lock:
        for group in groups:
            if (group, name) in _registered:
                raise InvalidArgumentError(f"register: {name!r} is registered in {group} already")
        _registered.update({(group, name): cls for group, cls in groups.items()})
    undo = ExitStack()
    undo.callback(_unregister, name, list(groups))
    return undo


def _unregister(name: str, groups: list[str]) -> None:
    with _lock:
        for group in groups:
            del _registered[group, name]


def installed(group: str) -> list[str]:
    """The names that can be loaded from a group, sorted. Imports none of them."""
    with _lock:
        registered = {name for registered_group, name in _registered if registered_group == group}
    return sorted(registered | {entry.name for entry in _entry_points(group)})


def find(name: str, *groups: str) -> tuple[str, type[Any]]:
    """The first of `groups` that has `name`, and its class.

    Raises `UnsupportedServiceTypeError`, saying what is installed and what was meant or what to install, or, where a
    `sinetstream` older than 2 is installed beside this one, what to uninstall.
    """
    for group in groups:
        if cls := _get(group, name):
            return group, cls
    elsewhere = [group for group in list(_CONTRACTS)[:4] if group not in groups and name in installed(group)]
    if elsewhere:
        words = f"{name!r} has no plugin in {' or '.join(groups)}, only in {', '.join(elsewhere)}"
        raise _unsupported(groups[0], words)
    names = sorted({known for group in groups for known in installed(group)})
    meant = near(name, names)
    wheel = f"sinetstream-{name}" if type(name) is str else "sinetstream-<type>"
    hint = f"did you mean {meant!r}?" if meant else f"if its wheel is named as usual: pip install {wheel}"
    words = f"no plugin for {name!r} is installed (installed: {', '.join(names) or 'none'}); {hint}"
    raise _unsupported(groups[0], words)


def load(group: str, name: str) -> type[Any]:
    """The class of a value type or a compression. Raises `InvalidArgumentError`, saying what is installed."""
    cls = _get(group, name)
    if cls is None:
        names = installed(group)
        meant = near(name, names)
        hint = f"; did you mean {meant!r}?" if meant else ""
        place = _PLACES[group]
        words = f"{place}: {name!r} is none of {', '.join(names) or '(none installed)'}{hint}"
        raise InvalidArgumentError(words, path=place)
    return cls


def _unsupported(group: str, words: str) -> UnsupportedServiceTypeError:
    place = _PLACES.get(group, "type")
    return UnsupportedServiceTypeError(f"{place}: {words}", path=place)


def _get(group: str, name: str) -> type[Any] | None:
    key = group, name
    with _lock:
        known = _registered.get(key) or _loaded.get(key)
    if known is not None:
        return known
    if remedy := _remedy():
        raise UnsupportedServiceTypeError(remedy)
    entries = [entry for entry in _entry_points(group) if entry.name == name]
    if not entries:
        return None
    cls = _import(_only(entries, group, name), group)
    with _lock:
        return _loaded.setdefault(key, cls)


@cache
def _remedy() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("sinetstream")
    except PackageNotFoundError:  # this package is all that is needed
        return None
    if found.partition(".")[0] not in ("0", "1"):
        return None
    return (
        f"sinetstream {found} is installed beside sinetstream-core and shares its files. Uninstall both, then install "
        "anew: pip uninstall -y sinetstream sinetstream-core sinetstream-kafka sinetstream-mqtt"
    )


def _entry_points(group: str) -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return list(entry_points(group=group))


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unnamed distribution"


def _only(entries: list[EntryPoint], group: str, name: str) -> EntryPoint:
    owners = sorted({_distribution(entry) for entry in entries})
    if len(owners) > 1:
        raise _unsupported(group, f"{name!r} in {group} is claimed by {' and by '.join(owners)}: uninstall all but one")
    return entries[0]


def _import(entry: EntryPoint, group: str) -> type[Any]:
    owner = _distribution(entry)
    try:
        cls = entry.load()
    except Exception as error:
        words = f"the plugin {entry.name!r} of {owner} cannot be imported: {type(error).__name__}: {error}"
        raise _unsupported(group, words) from error
    if problem := _problem(group, cls):
        raise _unsupported(group, f"the plugin {entry.name!r} of {owner} is unusable: {problem}")
    return cls  # type: ignore[no-any-return]  # `_problem` found it to be a class


def _problem(group: str, cls: object) -> str | None:
    if not isinstance(cls, type):
        return f"{cls!r} is not a class"
    unwritten: frozenset[str] = getattr(cls, "__abstractmethods__", frozenset())
    required = [name for name in _CONTRACTS[group].__abstractmethods__ if not name.startswith("on_")]
    missing = sorted(unwritten | {name for name in required if getattr(cls, name, None) is None})
    return f"{cls.__module__}.{cls.__qualname__} has no {', '.join(missing)}" if missing else None
