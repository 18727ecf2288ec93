"""Killing pipelines of transactions, as often as is asked for: `bench kafka_kills --kills 50`."""

import sys
from pathlib import Path

from broker import address_of
from rows import Row

__all__ = ["run"]


def run(quick: bool, *, kills: int = 0) -> list[Row]:
    kills = kills or (1 if quick else 0)
    if not kills:
        return [Row(name="kafka pipelines", unit="kills", target=None, measured=None, note="--kills N kills them")]
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from kills import kill_repeatedly  # noqa: PLC0415  found by the line above

    with address_of("kafka") as address:
        outcome = kill_repeatedly(address, kills)
    note = f"of {outcome.inputs} inputs, after {outcome.kills} kills"
    return [
        Row(name=f"kafka pipelines, {what}", unit="inputs", target=0.0, measured=float(count), note=note)
        for what, count in (("missing", outcome.missing), ("repeated", outcome.repeated))
    ]
