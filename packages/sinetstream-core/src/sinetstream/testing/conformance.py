"""The whole kit."""

from __future__ import annotations

from sinetstream.testing.areas.acknowledgement import Acknowledgement
from sinetstream.testing.areas.consistency import Consistencies
from sinetstream.testing.areas.delivery import Delivery
from sinetstream.testing.areas.life_cycle import LifeCycle
from sinetstream.testing.areas.order import Order

__all__ = ["Conformance"]


class Conformance(
    Delivery,
    Order,
    Consistencies,
    Acknowledgement,
    LifeCycle,
):
    """Says whether a plugin keeps the contract.

    Inherit it under a name that pytest collects, and supply `harness`: a `Harness`, or a fixture that gives one. Each
    test is one promise, in one sentence; it fails where the promise is broken. What the plugin declares is tested to
    work; what it does not declare is tested to be refused.
    """
