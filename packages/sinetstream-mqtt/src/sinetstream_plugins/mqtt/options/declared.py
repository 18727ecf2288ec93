"""The options of MQTT, all of them."""

from __future__ import annotations

from paho.mqtt.client import MQTTv5, MQTTv31, MQTTv311
from sinetstream.spi.options import Boolean, Choice, Duration, Group, Integer, Options, Values
from sinetstream_plugins.mqtt.options.client_id import WRITER_CLIENT_ID
from sinetstream_plugins.mqtt.options.connect_properties import CONNECT_PROPERTIES
from sinetstream_plugins.mqtt.options.declare import option
from sinetstream_plugins.mqtt.options.login import USERNAME_PW
from sinetstream_plugins.mqtt.options.session_settings import CLEAN_SESSION, CLEAN_START
from sinetstream_plugins.mqtt.options.tls import TLS, TLS_INSECURE
from sinetstream_plugins.mqtt.options.websockets import TRANSPORT, WS_OPTIONS
from sinetstream_plugins.mqtt.options.will import WILL

PROTOCOL = option(
    "protocol",
    Choice({"MQTTv31": int(MQTTv31), "MQTTv311": int(MQTTv311), "MQTTv5": int(MQTTv5)}),
    int(MQTTv311),
    default_words="`MQTTv311`",
)
QOS = option("qos", Integer(0, 2), None, "at least what `consistency` needs", default_words="that of `consistency`")
RETAIN = option("retain", Boolean(), default=False, help="of every message", side="writer")
KEEPALIVE = option(
    "keepalive",
    Integer(0, 65535, "seconds"),
    60,
    "a silent connection is found after at most twice that; one that a large message is passing through is not silent",
)
CONNECTION_TIMEOUT = option(
    "connection_timeout", Duration(positive=True), 10.0, "for each broker, shared by its addresses"
)
LOST_LIMIT = option("lost_limit", Duration(positive=True), 30.0, "after which a lost connection is reported")

_MIN_DELAY = option(
    "min_delay", Duration(positive=True), 1.0, "before the first attempt; doubled each time, with jitter"
)
_MAX_DELAY = option("max_delay", Duration(positive=True), None, default_words="120, or `min_delay` where that is more")
_DELAYS = Group(_MIN_DELAY, _MAX_DELAY)
RECONNECT_DELAY = option(
    "reconnect_delay", _DELAYS, _DELAYS.absent, "the pauses before connecting again", older="reconnect_delay_set"
)

INFLIGHT = option("inflight", Integer(0, 65535), 20, "unconfirmed messages at a time; 0: 65,535")
_INFLIGHT = Group(INFLIGHT)
MAX_INFLIGHT = option(
    "max_inflight_messages", _INFLIGHT, _INFLIGHT.absent, "the window", side="writer", older="max_inflight_messages_set"
)
QUEUE_SIZE = option("queue_size", Integer(0, 2**31), 0, "messages; 0: as many as `max_pending_bytes` allows")
_QUEUED = Group(QUEUE_SIZE)
MAX_QUEUED = option(
    "max_queued_messages", _QUEUED, _QUEUED.absent, "what may wait", side="writer", older="max_queued_messages_set"
)
_RETRY = Group(option("retry", Duration(positive=True), None))
MESSAGE_RETRY = option(
    "message_retry", _RETRY, None, "accepted with a warning: it has no effect", older="message_retry_set"
)

OPTIONS = Options(
    PROTOCOL,
    TRANSPORT,
    WS_OPTIONS,
    WRITER_CLIENT_ID,
    QOS,
    RETAIN,
    CLEAN_SESSION,
    CLEAN_START,
    KEEPALIVE,
    CONNECTION_TIMEOUT,
    RECONNECT_DELAY,
    LOST_LIMIT,
    MAX_INFLIGHT,
    MAX_QUEUED,
    USERNAME_PW,
    TLS,
    TLS_INSECURE,
    WILL,
    *CONNECT_PROPERTIES.values(),
    MESSAGE_RETRY,
    instead={
        "connect": "is no group of parameters: write keepalive, connection_timeout and reconnect_delay without it"
    },
)


def delays(values: Values) -> tuple[float, float]:
    """The shortest and the longest pause before connecting again."""
    given = values[RECONNECT_DELAY]
    least, most = given[_MIN_DELAY], given[_MAX_DELAY]
    if most is None:
        return least, max(120, least)
    if most < least:
        raise given.error(_MAX_DELAY, f"must be at least min_delay, {least}")
    return least, most
