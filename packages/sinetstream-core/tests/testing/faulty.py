"""`python faulty.py FAULT`: the kit against a broker with that fault, and what it finds broken, as JSON."""

import json
import sys

from sinetstream.spi import Ability
from sinetstream.testing import FakeBroker, Fault
from sinetstream.testing.run import run

PATIENCE_S = 1.0


def main(name: str) -> None:
    fault = Fault[name]
    durable = {Ability.DURABLE} if fault is Fault.ACKNOWLEDGE_EARLY else set()
    abilities = set(Ability) - {Ability.DURABLE} | durable
    with FakeBroker(fault, abilities=abilities) as broker:
        card = run(broker.harness(patience_s=PATIENCE_S))
    print(json.dumps({line.test: line.detail for line in card.broken}))


if __name__ == "__main__":
    main(sys.argv[1])
