"""What leaves a pipeline of transactions is what went in, however often it is killed."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from kills import kill_repeatedly

KILLS = int(os.environ.get("SINETSTREAM_TEST_KILLS", "20"))


@pytest.mark.timeout(400)
def test_every_input_appears_once_in_the_output(kafka_broker: Any, new_topic: Callable[..., str]) -> None:
    outcome = kill_repeatedly(kafka_broker.address(), KILLS, (new_topic(4), new_topic(2)))

    assert outcome.inputs > KILLS
    assert (0, 0) == (outcome.missing, outcome.repeated)
