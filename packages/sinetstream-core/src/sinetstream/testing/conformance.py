"""The whole kit."""

from __future__ import annotations

from sinetstream.testing.areas.acknowledgement import Acknowledgement
from sinetstream.testing.areas.asyncio import Asyncio
from sinetstream.testing.areas.attributes import Attributes
from sinetstream.testing.areas.back_pressure import BackPressure
from sinetstream.testing.areas.callbacks import Callbacks
from sinetstream.testing.areas.concurrency import Concurrency
from sinetstream.testing.areas.consistency import Consistencies
from sinetstream.testing.areas.declarations import Declarations
from sinetstream.testing.areas.delivery import Delivery
from sinetstream.testing.areas.encoding import Encoding
from sinetstream.testing.areas.failures import Failures
from sinetstream.testing.areas.life_cycle import LifeCycle
from sinetstream.testing.areas.metrics import MetricsOfBoth
from sinetstream.testing.areas.order import Order
from sinetstream.testing.areas.position import Position
from sinetstream.testing.areas.secrets import Secrets
from sinetstream.testing.areas.tampering import Tampering
from sinetstream.testing.areas.timeouts import Timeouts
from sinetstream.testing.areas.transactions import Transactions

__all__ = ["Conformance"]


class Conformance(  # pytest runs the tests of the last one first
    Tampering,
    Encoding,
    Secrets,
    MetricsOfBoth,
    Concurrency,
    BackPressure,
    Failures,
    Asyncio,
    Callbacks,
    Timeouts,
    LifeCycle,
    Acknowledgement,
    Consistencies,
    Transactions,
    Position,
    Attributes,
    Order,
    Delivery,
    Declarations,
):
    """Says whether a plugin keeps the contract.

    Inherit it under a name that pytest collects, and supply `harness`: a `Harness`, or a fixture that gives one. Each
    test is one promise, in one sentence; it fails where the promise is broken. What the plugin declares is tested to
    work; what it does not declare is tested to be refused.
    """
