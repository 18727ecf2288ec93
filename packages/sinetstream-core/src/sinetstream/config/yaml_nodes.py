"""What is checked and kept of the nodes of a YAML document before they become values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from sinetstream.config.masking import is_secret_text

__all__ = ["DEEPEST", "NUMBERS", "UNQUOTED", "UnquotedNode", "check_nodes", "keep_texts"]

DEEPEST = 50
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
UNQUOTED = "!sinetstream/unquoted"
_MOST_NODES = 100_000
_MERGE = "tag:yaml.org,2002:merge"
_READ_AS_OTHERS = (*NUMBERS, "tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class UnquotedNode(yaml.ScalarNode):
    """Text without quotes where a secret belongs, and the node that YAML reads in it."""

    def __init__(self, read: yaml.Node) -> None:
        super().__init__(UNQUOTED, read.value, read.start_mark, read.end_mark)
        self.read = read


def check_nodes(root: yaml.Node, construct: Callable[[yaml.Node], Any]) -> None:
    """Refuse more nodes or levels than there may be, aliases written out, and a key twice in a mapping."""
    _measured(root, {}, construct)


def keep_texts(node: yaml.Node, secret: bool = False) -> yaml.Node:
    """The same nodes, but for what stands without quotes where a secret belongs: that is to become an `Unquoted`."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, keep_texts(value, is_secret_text(key.value, "crypto", secret))) for key, value in node.value]
        return yaml.MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
    if isinstance(node, yaml.SequenceNode):
        values = [keep_texts(value, secret) for value in node.value]
        return yaml.SequenceNode(node.tag, values, node.start_mark, node.end_mark)
    is_plain = isinstance(node, yaml.ScalarNode) and node.style is None
    if secret and is_plain and node.tag in _READ_AS_OTHERS:
        return UnquotedNode(node)
    return node


def _measured(
    node: yaml.Node, known: dict[int, tuple[int, int] | None], construct: Callable[[yaml.Node], Any]
) -> tuple[int, int]:
    """How many nodes there are when every alias is written out, and how deep; and no key twice."""
    if id(node) in known:
        size = known[id(node)]
        if size is None:
            raise ComposerError(None, None, "contains itself by an alias", node.start_mark)
        return size
    known[id(node)] = None
    children: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        _refuse_twice(node, construct)
        children = [child for pair in node.value for child in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    sizes = [_measured(child, known, construct) for child in children]
    nodes = 1 + sum(size[0] for size in sizes)
    depth = 1 + max((size[1] for size in sizes), default=0)
    if nodes > _MOST_NODES or depth > DEEPEST:
        words = f"too large: at most {_MOST_NODES:,} values, {DEEPEST} levels deep, aliases written out"
        raise ComposerError(None, None, words, node.start_mark)
    known[id(node)] = nodes, depth
    return nodes, depth


def _refuse_twice(mapping: yaml.MappingNode, construct: Callable[[yaml.Node], Any]) -> None:
    seen: dict[object, str] = {}
    for node, _ in mapping.value:
        if not isinstance(node, yaml.ScalarNode):
            raise ConstructorError(None, None, "a key must be a single word or number", node.start_mark)
        if node.tag == _MERGE:
            continue
        key = construct(node)
        if key in seen:
            before = f", before as {seen[key]!r}" if seen[key] != node.value else ""
            raise ConstructorError(None, None, f"the key {node.value!r} appears twice{before}", node.start_mark)
        seen[key] = node.value
