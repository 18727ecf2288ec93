"""What a plugin or its broker can do wrong."""

from __future__ import annotations

from enum import Enum

__all__ = ["Fault", "strikes"]


class Fault(Enum):
    """A fault of a `FakeBroker`. Those of single messages strike every fourth of a topic."""

    DROP = "a message is confirmed and lost"
    DUPLICATE = "a message is stored twice"
    REORDER = "a message comes after the one that was published after it"
    TRUNCATE = "a message loses its last byte"
    WRONG_TOPIC = "a message comes with the name of another topic"
    DUPLICATE_LATE = "a message is stored a second time, a moment later"
    LOSE_KEY = "keys and headers are lost"
    LEAK_EXCEPTION = "an exception of the client library comes out, which is not in the plugin's table"
    DROP_CAUSE = "an error that comes out hides what the client library raised"
    LEAVE_PROMISE_PENDING = "a message is stored and its promise stays pending (every fourteenth)"
    LEAK_THREAD = "a reader's close leaves a thread"
    LEAK_DESCRIPTOR = "a reader's close leaves an open file"
    ACKNOWLEDGE_EARLY = "a message is finished when it is handed out"
    NEVER_ACKNOWLEDGE = "finished messages come again"
    IGNORE_TIMEOUT = "an iteration does not end after receive_timeout_ms"
    END_EARLY = "an iteration ends before receive_timeout_ms"
    WAIT_BUSILY = "waiting costs processor time"
    IGNORE_CLOSE = "close does not wake an iteration that waits for its first message"
    SUBSCRIBE_LATE = "a reader's open returns before it is subscribed"
    FIXED_TIMEOUT = "an iteration ends after half a second, whatever receive_timeout_ms says"
    NO_WINDOW = "unfinished messages are handed out without end"
    LOG_SECRETS = "parameters are logged"
    LOG_SECRETS_OF_FAILURES = "parameters are logged where connecting fails, by a logger that goes its own way"
    LOG_PAYLOADS = "messages are logged"
    IGNORE_TLS = "tls is declared, and connections are not encrypted"
    FORGET_SUBSCRIPTION = "a reader gets nothing any more after an interruption"
    CONFIRM_UNSENT = "what is published in an interruption is confirmed and lost"
    DENY_SENT = "what is published in an interruption fails as not sent, and arrives"
    CONFIRM_REFUSED = "what the broker refuses to take is confirmed"
    BLOCK = "publish blocks while the broker is away"
    HANG = "a writer's close never returns"
    WAIT_IN_PUBLISH = "a publish that is to promise waits"
    WAIT_IN_ACKNOWLEDGE = "acknowledging a message waits"
    HANG_IN_OPEN = "open waits without end for a broker that does not answer"
    HANG_IN_PUBLISH = "publish waits without end for a broker that does not answer"
    IGNORE_SEEK = "seeking does nothing"
    COMMIT_ALWAYS = "a transaction that is aborted is committed"
    DECLARE_LESS = "the classes with callbacks and promises declare less than the others"


def strikes(number: int, every: int = 4) -> bool:
    """Whether a fault of single messages strikes this one, counted from 0 in its topic."""
    return number % every == every - 1
