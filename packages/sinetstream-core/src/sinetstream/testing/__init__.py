"""Whether a plugin, or a service, keeps the contract: needs the extra `testing`."""

try:
    import pytest
except ModuleNotFoundError as error:
    raise ImportError('sinetstream.testing needs pytest: pip install "sinetstream-core[testing]"') from error

from sinetstream.testing.conformance import Conformance
from sinetstream.testing.fake import FakeBroker, Fault
from sinetstream.testing.harness import Harness, fresh_topic

__all__ = ["Conformance", "FakeBroker", "Fault", "Harness", "fresh_topic"]

del pytest
