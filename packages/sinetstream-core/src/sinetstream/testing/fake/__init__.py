"""A broker within the process that does what a test tells it, and remembers what was asked of it."""

from sinetstream.testing.fake.broker import FakeBroker
from sinetstream.testing.fake.faults import Fault

__all__ = ["FakeBroker", "Fault"]
