"""How long the broker remembers this client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from paho.mqtt.client import MQTTv5
from sinetstream.spi import Consistency
from sinetstream.spi.options import Boolean, Role, Values
from sinetstream_plugins.mqtt.options.connect_properties import SESSION_EXPIRY_INTERVAL
from sinetstream_plugins.mqtt.options.declare import option

__all__ = ["CLEAN_SESSION", "CLEAN_START", "Session", "session"]

T = TypeVar("T")

_FOR_EVER_S = 2**32 - 1
_WITHIN_PROCESS_S = 3600

CLEAN_SESSION = option(
    "clean_session",
    Boolean(),
    None,
    "MQTT 3.1 and 3.1.1",
    default_words="false for readers from `AT_LEAST_ONCE` on and for writers at QoS 2, else true",
)
CLEAN_START = option(
    "clean_start",
    Boolean(),
    None,
    "MQTT 5. Mosquitto does not write down the session of a connection that began with true: it does not outlive a restart",
    default_words="false where a session is to be resumed, else true",
)


@dataclass(frozen=True, slots=True)
class Session:
    """`clean` says how the first connection begins; the later ones resume where `resumes`.

    What an `in_memory` one goes on with is in this process: it resumes only at the broker that it was with before.
    A session that resumes and is not `kept` ends with `close`: with MQTT 5 the broker ends it by itself, else a last clean
    connection does. `expiry_s` is for MQTT 5. `missing` is the parameter without which the session does not outlive
    the process, although at-least-once was asked for; None where nothing is missing.
    """

    clean: bool
    resumes: bool
    kept: bool
    in_memory: bool
    expiry_s: int | None
    missing: str | None


def session(
    role: Role, values: Values, consistency: Consistency, protocol: int, qos: int, *, generated: bool
) -> Session:
    """The session that the parameters ask for.

    At at-least-once and above, a reader's resumes after each loss of the connection, and where the user named a
    `client_id` it outlives the process. A writer's resumes at QoS 2, which needs it, and never outlives the process: what
    it would go on with is in the process's memory. A generated `client_id` is nobody's yet: what is not begun anew survives a
    restart of the broker from the first connection on, which Mosquitto does not grant to what is.
    """
    wanted = consistency is not Consistency.AT_MOST_ONCE if role == "reader" else qos == 2
    if protocol == MQTTv5:
        return _version_5(role, values, wanted=wanted, generated=generated)
    if CLEAN_START in values:
        raise values.error(CLEAN_START, "needs `protocol: MQTTv5`; before, it was `clean_session`")
    clean = _given(values[CLEAN_SESSION], not wanted)
    missing = "clean_session: false" if clean else "client_id" if generated else None
    kept = role == "reader" and missing is None
    return Session(
        clean=clean or (role == "writer" and not generated),
        resumes=not clean,
        kept=kept,
        in_memory=role == "writer",
        expiry_s=None,
        missing=missing if wanted and role == "reader" else None,
    )


def _version_5(role: Role, values: Values, *, wanted: bool, generated: bool) -> Session:
    if CLEAN_SESSION in values:
        raise values.error(CLEAN_SESSION, "is not of MQTT 5: use `clean_start` and `session_expiry_interval`")
    lasting = wanted and role == "reader" and not generated and not values[CLEAN_START]
    default_s = _FOR_EVER_S if lasting else _WITHIN_PROCESS_S if wanted else 0
    expiry_s = _given(values[SESSION_EXPIRY_INTERVAL], default_s)
    clean = _given(values[CLEAN_START], not expiry_s) or (role == "writer" and not generated)
    missing = (
        "session_expiry_interval"
        if not expiry_s
        else "client_id"
        if generated
        else "clean_start: false"
        if clean
        else None
    )
    return Session(
        clean=clean,
        resumes=expiry_s > 0,
        kept=role == "reader" and missing is None,
        in_memory=role == "writer",
        expiry_s=expiry_s,
        missing=missing if wanted and role == "reader" else None,
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
