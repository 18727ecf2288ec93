"""What nobody waits for any longer keeps its room until it has ended."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sinetstream.errors import PublishTimeoutError
from sinetstream.spi import Delivery
from sinetstream.spi.timed_out_publishes import TimedOutPublishes

WAIT = 10.0


def late(*sizes: int) -> tuple[TimedOutPublishes, list[Delivery[Any]]]:
    kept, deliveries = TimedOutPublishes(), [Delivery[Any]() for _ in sizes]
    for delivery, size in zip(deliveries, sizes, strict=True):
        kept.add(delivery, size)
    return kept, deliveries


def test_what_has_ended_one_way_or_the_other_has_no_room() -> None:
    kept, (first, second, _) = late(1, 10, 100)

    first.fulfil(None)
    second.fail(OSError())

    assert kept.bytes() == 100


def test_it_waits_until_there_is_room() -> None:
    kept, (first, _) = late(10, 10)
    threading.Timer(0.05, first.fulfil, (None,)).start()
    began = time.monotonic()

    left = kept.wait_for_room(10, 20, WAIT)

    assert left is not None
    assert WAIT - (time.monotonic() - began) <= left < WAIT - 0.04
    assert kept.bytes() == 10


def test_without_a_limit_of_time_it_waits_as_long_as_it_takes() -> None:
    kept, (first,) = late(10)
    threading.Timer(0.05, first.fail, (OSError(),)).start()

    assert kept.wait_for_room(10, 10, None) is None


def test_it_gives_up_in_time() -> None:
    kept, _ = late(10)

    with pytest.raises(PublishTimeoutError, match="no room for 5 bytes; this was not sent"):
        kept.wait_for_room(5, 12, 0.02)


def test_what_is_larger_than_the_limit_goes_alone() -> None:
    kept, (first,) = late(10)
    first.fulfil(None)

    assert kept.wait_for_room(100, 10, WAIT) is not None
