"""What waiting cannot mend."""

from __future__ import annotations

from sinetstream.errors import ConnectionError

__all__ = ["PermanentConnectionError"]


class PermanentConnectionError(ConnectionError):
    """A broker is not reached for a reason that stays: trying again ends in the same way."""
