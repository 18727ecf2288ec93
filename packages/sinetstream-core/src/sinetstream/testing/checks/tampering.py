"""Checks that forged and altered messages are refused, and that reading goes on."""

from __future__ import annotations

import pytest

from sinetstream import InvalidMessageError, SINETStreamMessageEncoder
from sinetstream.testing.area import Area, always
from sinetstream.testing.encrypting import encrypted
from sinetstream.testing.received import check_nothing_lost
from sinetstream.testing.streams import KINDS, Kind, receiving
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Tampering"]

_CRYPTO = encrypted(bytes(range(32)))
_OTHER = encrypted(bytes(reversed(range(32))))


class Tampering(Area):
    """Messages that were altered or forged in the messaging system."""

    @pytest.mark.parametrize("kind", KINDS)
    @always
    def test_an_altered_message_is_refused(self, trial: Trial, kind: Kind) -> None:
        """An encrypted message of which one bit was flipped is an `InvalidMessageError`, and the next one comes."""
        forged, good = trial.values(2)
        payload = bytearray(SINETStreamMessageEncoder[bytes](**_CRYPTO).encode(forged))
        payload[-1] ^= 1

        _check_refused(trial, kind, bytes(payload), good)

    @always
    def test_a_message_under_another_key_is_refused(self, trial: Trial) -> None:
        """A message encrypted with another key is an `InvalidMessageError`, and the next one comes."""
        forged, good = trial.values(2)
        _check_refused(trial, "sync", SINETStreamMessageEncoder[bytes](**_OTHER).encode(forged), good)

    @always
    def test_a_plain_message_is_refused(self, trial: Trial) -> None:
        """A message without encryption is refused by a reader that expects it, and the next one comes."""
        forged, good = trial.values(2)
        _check_refused(trial, "sync", SINETStreamMessageEncoder[bytes]().encode(forged), good)


def _check_refused(trial: Trial, kind: Kind, payload: bytes, good: bytes) -> None:
    with receiving(kind, trial, **_CRYPTO) as received:
        trial.send_raw([payload])
        trial.send([good], **_CRYPTO)
        got = received.wait_for([good])
        received.wait_for_error(InvalidMessageError)

    check_nothing_lost([good], got, received.errors)
    if got != [good]:
        raise Broken("a forged message was handed to the application")
