"""Checks that the messages of one writer arrive in the order in which they were published."""

from __future__ import annotations

import pytest

from sinetstream.testing.area import Area, always, if_declared
from sinetstream.testing.received import check_order
from sinetstream.testing.streams import KINDS, Kind, publish, receiving
from sinetstream.testing.trial import Trial

__all__ = ["Order"]

_COUNT = 41


class Order(Area):
    """Within a topic (or, with partitions, where they share one)."""

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_order_is_kept(self, trial: Trial, kind: Kind) -> None:
        """Messages that one writer publishes one after another, waiting for each, are read in that order."""
        values = trial.values(_COUNT)
        with receiving(kind, trial) as received:
            trial.send(values)
            got = received.wait_for(values)

        check_order(values, got)

    @pytest.mark.parametrize("kind", ["async", "asyncio"])
    @if_declared()
    def test_order_is_kept_without_waiting(self, trial: Trial, kind: Kind) -> None:
        """Messages that one thread or task publishes without waiting for promises are read in that order."""
        values = trial.values(_COUNT)
        with receiving(kind, trial) as received:
            publish(kind, trial, values)
            got = received.wait_for(values)

        check_order(values, got)

    @if_declared()
    def test_order_is_kept_by_publish_many(self, trial: Trial) -> None:
        """`publish_many` keeps the order of its values."""
        values = trial.values(_COUNT)
        with receiving("sync", trial) as received:
            with trial.writer() as writer:
                writer.publish_many(values)
            got = received.wait_for(values)

        check_order(values, got)

    @always
    def test_order_is_kept_by_one_writer_after_another(self, trial: Trial) -> None:
        """Messages of a closed writer are read before those of the next writer."""
        values = trial.values(6)
        with receiving("sync", trial) as received:
            for part in (values[:2], values[2:4], values[4:]):
                trial.send(part)
            got = received.wait_for(values)

        check_order(values, got)
