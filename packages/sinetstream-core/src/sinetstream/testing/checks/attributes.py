"""Checks keys and headers."""

from __future__ import annotations

import pytest

from sinetstream.spi import Ability
from sinetstream.testing.area import Area, if_declared
from sinetstream.testing.received import check_nothing_lost
from sinetstream.testing.streams import KINDS, Kind, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Attributes"]

_HEADERS = {"unit": b"celsius", "empty": b"", "bytes": bytes(range(256))}


class Attributes(Area):
    """Keys and headers, where the messaging system has them."""

    @pytest.mark.parametrize("kind", KINDS)
    @if_declared(Ability.KEY)
    def test_a_key_arrives(self, trial: Trial, kind: Kind) -> None:
        """A key arrives with its message, a message without one has none; where KEY is not declared, it is refused."""
        keyed, plain = trial.values(2)
        with receiving(kind, trial) as received:
            with trial.writer() as writer:
                writer.publish(keyed, key=b"a \x00 key")
                writer.publish(plain)
            got = received.wait_for([keyed, plain])
            keys = {message.value: message.key for message in received.messages}

        check_nothing_lost([keyed, plain], got, received.errors)
        if keys != {keyed: b"a \x00 key", plain: None}:
            raise Broken(f"published with the key b'a \\x00 key' and with none, messages came with {keys.values()}")

    @pytest.mark.parametrize("kind", KINDS)
    @if_declared(Ability.HEADERS)
    def test_headers_arrive(self, trial: Trial, kind: Kind) -> None:
        """Headers arrive with their message; where HEADERS is not declared, they are refused."""
        with_headers, plain = trial.values(2)
        with receiving(kind, trial) as received:
            with trial.async_writer() as writer:
                writer.publish(with_headers, headers=_HEADERS).get(trial.patience_s)
                writer.publish(plain).get(trial.patience_s)
            got = received.wait_for([with_headers, plain])
            headers = {message.value: dict(message.headers) for message in received.messages}

        check_nothing_lost([with_headers, plain], got, received.errors)
        if headers != {with_headers: _HEADERS, plain: {}}:
            raise Broken(f"published with {_HEADERS} and with none, messages came with {list(headers.values())}")
