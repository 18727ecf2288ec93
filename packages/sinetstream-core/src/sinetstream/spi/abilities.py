"""What a plugin says it can do, as data."""

from __future__ import annotations

from enum import Enum

__all__ = ["Ability"]


class Ability(Enum):
    """One thing that a plugin may declare in `abilities`; what it does not declare is refused before it is tried.

    A class without `abilities` was written before they existed: at-most-once is promised and nothing optional is asked.
    """

    AT_LEAST_ONCE = "publish is final when the broker has confirmed; nothing unfinished is acknowledged"
    EXACTLY_ONCE = "publish is final when the broker has confirmed it once"
    ACKNOWLEDGE = "acknowledge(raw) is called for each finished message; unfinished ones are bounded by a window"
    DURABLE = "a subscription outlives the process, with the parameters this plugin was given"
    KEY = "publish takes key=, attributes(raw) returns it"
    HEADERS = "publish takes headers=, attributes(raw) returns them"
    TIMESTAMP = "publish takes timestamp_us=; timestamp_us(raw) returns it"
    SEEK = "seek_to_beginning() and seek_to_end(); what was not acknowledged before is forgotten"
    SEEK_TIME = "seek_to_time(timestamp_us)"
    TRANSACTION = "transaction(reader) begins one; the result has commit() and abort()"

    def __repr__(self) -> str:
        return self.name
