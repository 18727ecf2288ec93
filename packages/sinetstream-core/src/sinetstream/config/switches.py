"""Sections that have no effect until a switch beside them is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sinetstream.config.log_once import warn_once
from sinetstream.config.section import Section

__all__ = ["check_switches"]

_SWITCHES = {"compression": ("data_compression", "uncompressed"), "crypto": ("data_encryption", "in the clear")}


def check_switches(params: Mapping[str, Any], path: str, version: int, around: Mapping[str, Any] | None = None) -> None:
    """Refuse a section with content whose switch is missing: its author believes that it is in effect.

    In versions 1 and 2 that is a warning, for the sake of existing files; so is a switch that is false, in every version.
    `params` are those of a service, or of a mapping inside one; that has the switches `around` it too.
    """
    switches = {**(around or {}), **params}
    section = Section(params, path)
    for name, (switch, how) in _SWITCHES.items():
        content = section.get(name)
        if isinstance(content, Mapping) and content and switches.get(switch) is not True:
            _refuse_or_warn(section, name, switch, how, version, is_set=switch in switches)


def _refuse_or_warn(section: Section, name: str, switch: str, how: str, version: int, *, is_set: bool) -> None:
    if is_set:
        warn_once(f"{section.at(name)}: has no effect, because {switch} is false: messages are sent {how}")
        return
    words = f"has no effect without {section.at(switch)}: messages would be sent {how}"
    if version >= 3:
        raise section.error(name, f"{words}; add {switch}: true, or {switch}: false if that is meant")
    warn_once(f"{section.at(name)}: {words}; add {switch}: true")
