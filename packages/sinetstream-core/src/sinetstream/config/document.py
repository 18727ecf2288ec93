"""YAML into plain values, safely: bounded, without duplicate keys, and every failure names its line."""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.reader import ReaderError

from sinetstream.config.secrets import TAG, Encrypted
from sinetstream.config.unquoted import Unquoted
from sinetstream.config.yaml_nodes import DEEPEST, NUMBERS, UNQUOTED, UnquotedNode, check_nodes, keep_texts
from sinetstream.errors import InvalidConfigError
from sinetstream.masked import MaskedBytes, MaskedStr

__all__ = ["parse"]

_LONGEST_NUMBER = 4_300  # as Python's own limit; one in base 60 would take minutes

Place = tuple[int, int]


def parse(data: bytes, name: str) -> Any:
    """What the text says. `InvalidConfigError` "NAME:LINE:COLUMN: ..." where it is not one YAML document in UTF-8.

    Where a secret belongs, what YAML does not read as text is an `Unquoted`. Values never appear in errors, nor in the
    exceptions that come with them.
    """
    document, mistake = _load(MaskedBytes(data))
    if mistake is None and document is None:
        mistake = (1, 1), "is empty: it defines no service"
    if mistake is not None:
        (line, column), words = mistake
        raise InvalidConfigError(f"{name}:{line}:{column}: {words}")
    return document


def _load(data: bytes) -> tuple[Any, tuple[Place, str] | None]:
    """The document, or where and what is wrong. What PyYAML raises holds the text, and so goes no further."""
    try:
        text = MaskedStr(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return None, (_place(data[: error.start].decode("utf-8", "replace")), "is not UTF-8")
    try:
        loader = _Loader(text)
    except ReaderError as error:
        return None, (_place(text[: error.position]), "a character that YAML does not allow")
    try:
        return loader.get_single_data(), None
    except yaml.MarkedYAMLError as error:
        return None, (_at(error.problem_mark or error.context_mark), _scrubbed(error))
    except (ValueError, OverflowError):
        return None, (_at(loader.get_mark()), "an escape sequence that stands for no character")


class _Loader(yaml.SafeLoader):
    """Ours alone: PyYAML's own loaders are not touched."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ComposerError(None, None, f"nested more than {DEEPEST} levels deep", self.get_mark())
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def get_single_node(self) -> yaml.Node | None:
        node = super().get_single_node()
        if node is None:
            return None
        check_nodes(node, self.construct_object)
        return keep_texts(node)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag in NUMBERS and len(node.value) > _LONGEST_NUMBER:
            raise _invalid(node)
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError):
            raise _invalid(node) from None


def _invalid(node: yaml.Node) -> ConstructorError:
    return ConstructorError(None, None, f"is not a valid {node.tag.rpartition(':')[2]}", node.start_mark)


def _encrypted(_loader: _Loader, node: yaml.Node) -> Encrypted:
    if not isinstance(node, yaml.ScalarNode):
        raise ConstructorError(None, None, f"{TAG} must be followed by base64 text", node.start_mark)
    return Encrypted(node.value)


def _unquoted(loader: _Loader, node: UnquotedNode) -> Unquoted:
    return Unquoted(node.value, loader.construct_object(node.read))


def _unknown(_loader: _Loader, node: yaml.Node) -> Any:
    words = "an unknown tag; quote the value if it begins with '!'"
    raise ConstructorError(None, None, words, node.start_mark)


_Loader.add_constructor(TAG, _encrypted)
_Loader.add_constructor(UNQUOTED, _unquoted)
_Loader.add_constructor(None, _unknown)


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


def _at(mark: yaml.Mark | None) -> Place:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(before: str) -> Place:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
