"""From the reason codes that a broker answers with to our errors."""

from __future__ import annotations

from paho.mqtt.reasoncodes import ReasonCode
from sinetstream.errors import AuthorizationError, ConnectionError, Outcome, SinetError, UnsupportedOperationError

__all__ = ["refusal"]

_NOT_ALLOWED = frozenset((0x80, 0x86, 0x87, 0x8A, 0x8C))  # 0x80 is all that MQTT 3.1.1 says of a subscription
_CANNOT = frozenset((0x9A, 0x9B, 0x9E, 0xA1, 0xA2))


def refusal(what: str, reason: ReasonCode, advice: str = "", *, outcome: Outcome | None = None) -> SinetError:
    """The error for a refused CONNECT, SUBSCRIBE or PUBLISH; `advice` is put behind it."""
    words = f"the broker refused {what}: {reason}{advice}"
    if reason.value in _NOT_ALLOWED and (reason.value != 0x80 or what.startswith("the subscription")):
        return AuthorizationError(words, outcome=outcome)
    if reason.value in _CANNOT:
        return UnsupportedOperationError(words, outcome=outcome)
    return ConnectionError(words, outcome=outcome)
