"""How long the broker remembers this client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paho.mqtt.client import MQTTv5
from sinetstream.spi import Consistency
from sinetstream_plugins.mqtt.options.options import Options

__all__ = ["Session", "session"]

_FOR_EVER_S = 2**32 - 1
_WITHIN_PROCESS_S = 3600


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
    role: Literal["reader", "writer"], specific: Options, params: Mapping[str, Any], protocol: int, qos: int
) -> Session:
    """The session that the parameters ask for.

    At at-least-once and above, a reader's resumes after each loss of the connection, and where the user named a
    `client_id` it outlives the process. A writer's resumes at QoS 2, which needs it, and never outlives the process: what
    it would go on with is in the process's memory. A generated `client_id` is nobody's yet: what is not begun anew survives a
    restart of the broker from the first connection on, which Mosquitto does not grant to what is.
    """
    wanted = params["consistency"] is not Consistency.AT_MOST_ONCE if role == "reader" else qos == 2
    generated = bool(params.get("client_id_generated", False))
    if protocol == MQTTv5:
        return _version_5(role, specific, wanted=wanted, generated=generated)
    if "clean_start" in specific:
        raise specific.error("clean_start", "needs `protocol: MQTTv5`; before, it was `clean_session`")
    clean = specific.flag("clean_session", default=not wanted)
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


def _version_5(role: Literal["reader", "writer"], specific: Options, *, wanted: bool, generated: bool) -> Session:
    if "clean_session" in specific:
        raise specific.error("clean_session", "is not of MQTT 5: use `clean_start` and `session_expiry_interval`")
    lasting = wanted and role == "reader" and not generated and not specific.flag("clean_start", default=False)
    default_s = _FOR_EVER_S if lasting else _WITHIN_PROCESS_S if wanted else 0
    expiry_s = specific.integer("session_expiry_interval", default_s, 0, _FOR_EVER_S)
    clean = specific.flag("clean_start", default=not expiry_s) or (role == "writer" and not generated)
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
