"""`python faulty.py FAULT`: the kit against a broker with that fault, and the evidence for what it finds broken, as JSON."""

import json
import sys

from sinetstream.spi import Ability
from sinetstream.testing import FakeBroker, Fault
from sinetstream.testing.fake.plugin import EVERYTHING
from sinetstream.testing.run import run

PATIENCE_S = 1.0
SOME = {  # the whole kit would take minutes
    Fault.HANG: "opens_again and writer or one_byte",
    Fault.WAIT_IN_ACKNOWLEDGE: "acknowledging or one_byte",
}


def main(name: str) -> None:
    fault = Fault[name]
    durable = fault in (
        Fault.ACKNOWLEDGE_EARLY,
        Fault.NEVER_ACKNOWLEDGE,
    )  # the tests that kill a process cost a second each
    abilities = EVERYTHING if durable else EVERYTHING - {Ability.DURABLE}
    with FakeBroker(fault, abilities=abilities) as broker:
        card = run(broker.harness(patience_s=PATIENCE_S), SOME.get(fault, ""))
    json.dump({line.test: line.detail if line in card.broken else "" for line in card.lines}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
