"""The conformance suite: all checks in one class."""

from __future__ import annotations

from sinetstream.testing.checks.acknowledgement import Acknowledgement
from sinetstream.testing.checks.asyncio import Asyncio
from sinetstream.testing.checks.attributes import Attributes
from sinetstream.testing.checks.back_pressure import BackPressure
from sinetstream.testing.checks.callbacks import Callbacks
from sinetstream.testing.checks.concurrency import Concurrency
from sinetstream.testing.checks.consistency import Consistencies
from sinetstream.testing.checks.declarations import Declarations
from sinetstream.testing.checks.delivery import Delivery
from sinetstream.testing.checks.encoding import Encoding
from sinetstream.testing.checks.failures import Failures
from sinetstream.testing.checks.hanging import Hanging
from sinetstream.testing.checks.life_cycle import LifeCycle
from sinetstream.testing.checks.metrics import MetricsOfBoth
from sinetstream.testing.checks.order import Order
from sinetstream.testing.checks.position import Position
from sinetstream.testing.checks.secrets import Secrets
from sinetstream.testing.checks.tampering import Tampering
from sinetstream.testing.checks.timeouts import Timeouts
from sinetstream.testing.checks.tls import Tls
from sinetstream.testing.checks.transactions import Transactions

__all__ = ["Conformance"]


class Conformance(  # pytest runs the tests of the last one first
    Tampering,
    Encoding,
    Tls,
    Secrets,
    MetricsOfBoth,
    Concurrency,
    BackPressure,
    Hanging,
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
