"""Parameters that are misspelt."""

from __future__ import annotations

from sinetstream.config.log_once import warn_once
from sinetstream.config.section import Section
from sinetstream.spelling import did_you_mean, near, nearest
from sinetstream.spi.parameters import COMMON_PARAMETERS as COMMON
from sinetstream.wording import shown

__all__ = ["COMMON", "refuse_unknown"]


def refuse_unknown(section: Section, version: int, plugin_type: str, declared: frozenset[str] | None) -> None:
    """Refuse keys that are neither common nor the plugin's.

    In version 3 that is every such key, in versions 1 and 2 (broker parameters stand beside the common ones) one that is
    near to one of them. A plugin that declares nothing gets what it is given; a near key is then logged in version 3.
    """
    known = COMMON | (declared or frozenset())
    for key in section.values:
        if not isinstance(key, str):
            raise section.error(key, f"a parameter's name must be a string, not {shown(key)}")
        if key in known:
            continue
        meant = near(key, known)
        if version >= 3 and declared is not None:
            place = f"parameters of {plugin_type} itself belong to {section.at('type_spec')}"
            hint = did_you_mean(key, known) if nearest(key, known) else f"; {place}"
            raise section.error(key, f"unknown parameter{hint}")
        if meant and version < 3:
            raise section.error(key, f"unknown parameter; did you mean {meant!r}?")
        if meant:
            warn_once(
                f"{section.at(key)}: passed on to {plugin_type}, which does not say what it knows; "
                f"did you mean {meant!r}?"
            )
