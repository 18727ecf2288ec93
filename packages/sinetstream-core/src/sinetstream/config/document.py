"""YAML into plain values, safely: bounded, without duplicate keys, and every failure names its line."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from sinetstream.config.secrets import TAG, Encrypted
from sinetstream.errors import InvalidConfigError

__all__ = ["parse"]

_MOST_NODES = 100_000
_DEEPEST = 50
_MERGE = "tag:yaml.org,2002:merge"


def parse(data: bytes, name: str) -> Any:
    """What the text says. `InvalidConfigError` "NAME:LINE:COLUMN: ..." where it is not one YAML document in UTF-8.

    Values never appear in errors.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(name, _place(data[: error.start].decode("utf-8", "replace")), "is not UTF-8") from None
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except ReaderError as error:
        raise _error(name, _place(text[: error.position]), "a character that YAML does not allow") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _error(name, place, _scrubbed(error)) from None
    if document is None:
        raise _error(name, (1, 1), "is empty: it defines no service")
    return document


class _Loader(yaml.SafeLoader):
    """Ours alone: PyYAML's own loaders are not touched."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ComposerError(None, None, f"nested more than {_DEEPEST} levels deep", self.get_mark())
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is not None:
            _measured(node, {})
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError):
            kind = node.tag.rpartition(":")[2]
            raise ConstructorError(None, None, f"is not a valid {kind}", node.start_mark) from None


def _encrypted(_loader: _Loader, node: yaml.Node) -> Encrypted:
    if not isinstance(node, yaml.ScalarNode):
        raise ConstructorError(None, None, f"{TAG} must be followed by base64 text", node.start_mark)
    return Encrypted(node.value)


def _unknown(_loader: _Loader, node: yaml.Node) -> Any:
    words = "an unknown tag; quote the value if it begins with '!'"
    raise ConstructorError(None, None, words, node.start_mark)


_Loader.add_constructor(TAG, _encrypted)
_Loader.add_constructor(None, _unknown)


def _measured(node: yaml.Node, known: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """How many nodes there are when every alias is written out, and how deep; and no key twice."""
    if id(node) in known:
        size = known[id(node)]
        if size is None:
            raise ComposerError(None, None, "contains itself by an alias", node.start_mark)
        return size
    known[id(node)] = None
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _refuse_twice(node)
        children = [child for pair in node.value for child in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    sizes = [_measured(child, known) for child in children]
    nodes = 1 + sum(size[0] for size in sizes)
    depth = 1 + max((size[1] for size in sizes), default=0)
    if nodes > _MOST_NODES or depth > _DEEPEST:
        words = f"too large: at most {_MOST_NODES:,} values, {_DEEPEST} levels deep, aliases written out"
        raise ComposerError(None, None, words, node.start_mark)
    known[id(node)] = nodes, depth
    return nodes, depth


def _refuse_twice(mapping: yaml.MappingNode) -> None:
    seen: set[Hashable] = set()
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConstructorError(None, None, "a key must be a single word or number", key.start_mark)
        if key.tag == _MERGE:
            continue
        if (key.tag, key.value) in seen:
            raise ConstructorError(None, None, f"the key {key.value!r} appears twice", key.start_mark)
        seen.add((key.tag, key.value))


def _scrubbed(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "malformed"
    if isinstance(error, ComposerError) and problem.startswith("found undefined alias"):
        return "an alias without an anchor; quote the value if it begins with '*'"
    if isinstance(error, ComposerError) and str(error.context).startswith("found duplicate anchor"):
        return "an anchor is defined twice"
    if isinstance(error, ComposerError | ConstructorError):
        return str(problem)
    if problem.startswith(r"found character '\t'"):
        return "a tab, where YAML takes spaces"
    return re.sub(r"'[^']*'", _masked, problem)


def _masked(quoted: re.Match[str]) -> str:
    return quoted[0] if len(quoted[0]) <= 3 or quoted[0].startswith("'<") else "'***'"


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _error(name: str, place: tuple[int, int], text: str) -> InvalidConfigError:
    return InvalidConfigError(f"{name}:{place[0]}:{place[1]}: {text}")
