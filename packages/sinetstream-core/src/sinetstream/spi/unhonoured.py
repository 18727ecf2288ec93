"""Common parameters that a plugin does not honour, where ignoring them would do harm."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sinetstream.errors import UnsupportedOperationError

__all__ = ["refuse_unhonoured"]

log = logging.getLogger("sinetstream")


def refuse_unhonoured(plugin: Any, name: str, params: Mapping[str, Any]) -> None:
    """Refuse `tls` for a plugin object that declares abilities and not `"tls"` among its `common_parameters`.

    Else who asked for TLS would send in the clear without knowing. A plugin without abilities was written before there
    was anything to declare: it may honour `tls`, and one warning says that it is not known.
    """
    if params.get("tls") in (None, False) or "tls" in getattr(plugin, "common_parameters", ()):
        return
    if not hasattr(plugin, "abilities"):
        log.warning("tls: plugin %r does not say whether it honours it; check that its connections are encrypted", name)
        return
    why = getattr(plugin, "refused_parameters", {}).get("tls", "its connections would not be encrypted")
    raise UnsupportedOperationError(f"tls: plugin {name!r} does not honour it ({why}): remove tls", path="tls")
