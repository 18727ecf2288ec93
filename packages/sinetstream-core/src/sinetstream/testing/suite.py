"""What pytest collects when the kit is run without a test module of somebody's own."""

from __future__ import annotations

import pytest

from sinetstream.testing.conformance import Conformance
from sinetstream.testing.harness import Harness
from sinetstream.testing.report.card import HARNESS


class TestService(Conformance):
    """The kit, with the harness that `sinetstream.testing.run` was given."""

    @pytest.fixture
    def harness(self, request: pytest.FixtureRequest) -> Harness:
        return request.config.stash[HARNESS]
