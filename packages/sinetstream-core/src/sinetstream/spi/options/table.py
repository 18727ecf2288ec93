"""All options of a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.spi.options.markdown import markdown
from sinetstream.spi.options.option import Option, Role
from sinetstream.spi.options.unknown import refuse_unknown
from sinetstream.spi.options.values import Values
from sinetstream.spi.parameters import COMMON_PARAMETERS
from sinetstream.wording import joined, kind, wrong

__all__ = ["Options"]

_ADDED = frozenset({"client_id_generated", "config_version"})  # by the core


class Options:
    """The options of one plugin, for its readers and its writers together.

    `instead` are names that are refused with words of their own. Options stand under `type_spec`, or beside the common
    parameters (configuration versions 1 and 2); where both have one, `type_spec` counts. `ignores_unknown_beside` leaves
    alone what is beside the common parameters and no option.
    """

    def __init__(
        self, *options: Option[Any], instead: Mapping[str, str] | None = None, ignores_unknown_beside: bool = False
    ) -> None:
        self.options: Mapping[str, Option[Any]] = {option.name: option for option in options}
        self._instead = instead or {}
        self._ignores = ignores_unknown_beside
        self._beside = {name: option for option in options for name in option.older or (option.name,)}

    def read(self, params: Mapping[str, Any], role: Role) -> Values:
        """The options for this side, each checked.

        Those of the other side are checked too and left aside, so that one service serves readers and writers. Raises
        `InvalidArgumentError`, with the path, for a wrong value and for a name that neither side knows.
        """
        type_spec = params.get("type_spec")
        if not isinstance(type_spec, Mapping | None):
            raise wrong("type_spec", f"must be a mapping, not {kind(type_spec)}")
        given: dict[str, Any] = {}
        paths: dict[str, str] = {}
        for place, known, path in ((params, self._beside, ""), (type_spec or {}, self.options, "type_spec")):
            for name, value in place.items():
                if not path and (name in COMMON_PARAMETERS or name in _ADDED):
                    continue
                option = known.get(name)
                if option is None:
                    if path or not self._ignores:
                        self._refuse(name, joined(path, name), known)
                    continue
                if value is None and option.null:
                    continue
                read = option.kind.read(value, joined(path, name))
                if option.belongs_to(role):
                    given[option.name], paths[option.name] = read, joined(path, name)
        return Values(self.options, given, paths, "type_spec")

    def table(self) -> str:
        """The options as a table in Markdown, for the plugin's page."""
        return markdown(self.options.values())

    def schema(self) -> dict[str, Any]:
        """A JSON Schema for `type_spec`."""
        properties = {
            option.name: {
                **option.kind.schema(),
                "description": f"{option.whose}: {option.help}" if option.help else option.whose,
            }
            for option in self.options.values()
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def _refuse(self, name: object, path: str, known: Mapping[str, Option[Any]]) -> None:
        if name in self._instead:
            raise wrong(path, self._instead[str(name)])
        other = self._beside if known is self.options else self.options
        if isinstance(name, str) and name in other:  # the name that it has in the other place
            option = other[name]
            meant = option.name if known is self.options else (option.older or (option.name,))[0]
            raise wrong(path, f"unknown parameter; did you mean {meant!r}?")
        refuse_unknown(name, path, known)
