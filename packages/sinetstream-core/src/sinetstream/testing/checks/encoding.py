"""Checks encryption, compression, value types and formats, end to end."""

from __future__ import annotations

from typing import Any

import pytest

from sinetstream.testing.area import Area, always
from sinetstream.testing.encrypting import encrypted
from sinetstream.testing.received import check_nothing_lost
from sinetstream.testing.streams import KINDS, Kind, publish, receiving
from sinetstream.testing.trial import AS_CARRIED, Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Encoding"]

_ENCRYPTED = encrypted(bytes(range(32)))
_COMPRESSED: dict[str, Any] = {"data_compression": True}


class Encoding(Area):
    """What the core makes of a message reaches the reader unchanged."""

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_encrypted_compressed_json_arrives(self, trial: Trial, kind: Kind) -> None:
        """Encrypted, compressed JSON arrives through each of the APIs."""
        label = trial.values(1)[0].decode()
        values = [{"label": label, "n": number, "text": "計測" * number, "nested": [None, 1.5]} for number in range(3)]
        params = {**_ENCRYPTED, **_COMPRESSED, "value_type": "json"}
        with receiving(kind, trial, **params) as received:
            publish(kind, trial, values, **params)
            got = received.wait_for(values)

        check_nothing_lost(values, got, received.errors)

    @always
    def test_nobody_sees_what_is_encrypted(self, trial: Trial) -> None:
        """What the messaging system carries does not contain the value in clear."""
        (value,) = trial.values(1)
        with receiving("sync", trial, **AS_CARRIED) as received:
            trial.send([value], **_ENCRYPTED)
            carried = received.first().value

        if value in carried:
            raise Broken("a value that was to be encrypted is carried in clear")

    @pytest.mark.parametrize("message_format", [2, 3])
    @always
    def test_both_formats_arrive(self, trial: Trial, message_format: int) -> None:
        """Messages of both formats arrive, plain and encrypted."""
        for more in ({}, _ENCRYPTED):
            values, topic = trial.values(2), trial.harness.fresh_topic()
            with receiving("sync", trial, topics=topic, **more) as received:
                trial.send(values, topic=topic, message_format=message_format, **more)
                got = received.wait_for(values)
            check_nothing_lost(values, got, received.errors)

    @always
    def test_user_data_only_arrives(self, trial: Trial) -> None:
        """With `user_data_only` the messaging system carries the user's bytes alone."""
        values = trial.values(3)
        with receiving("sync", trial, user_data_only=True) as received:
            trial.send(values, user_data_only=True)
            got = received.wait_for(values)

        check_nothing_lost(values, got, received.errors)
