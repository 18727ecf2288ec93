"""The queue plugin keeps the contract."""

import pytest
from sinetstream.testing import Conformance, Harness

pytestmark = pytest.mark.queue


class TestQueue(Conformance):
    harness = Harness(params={"type": "queue"})
