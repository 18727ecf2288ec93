"""Checks that secrets are neither logged nor shown, and that payloads are not logged."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from sinetstream import InvalidMessageError, SinetError
from sinetstream.endpoint import session_of
from sinetstream.testing.area import Area, always
from sinetstream.testing.encrypting import encrypted
from sinetstream.testing.logs import Logged, logged
from sinetstream.testing.received import Received
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken

__all__ = ["Secrets", "secrets_in"]

_PASSWORD = "kit-password-8vJq2mZt"  # noqa: S105  it is looked for in the logs
_KEY = b"kit-key:0123456789abcdef01234567"
_CRYPTO = encrypted(_KEY)
_SHORTEST = 6


class Secrets(Area):
    """These checks run with every logger at DEBUG."""

    @always
    def test_no_secret_is_logged(self, trial: Trial) -> None:
        """No logger, ours or the client library's, logs a key, a password or a token, at any level."""
        given = {"kit_token": _PASSWORD} if _takes_any_parameter(trial) else {}
        secrets = {_PASSWORD, *_texts(_KEY), *secrets_in(trial.reader(**_CRYPTO).params)}
        with logged() as log:
            _use(trial, **_CRYPTO, **given)
            list(_errors(trial, **given))

        _check_absent(log, secrets, "a secret was logged")

    @always
    def test_no_payload_is_logged_by_us(self, trial: Trial) -> None:
        """Neither SINETStream nor the plugin logs what a message contains."""
        with logged() as log:
            value = _use(trial)

        plugin = session_of(trial.reader()).plugin_class.__module__.partition(".")[0]
        _check_absent(log, set(_texts(value)), "a payload was logged", "sinetstream", plugin)

    @always
    def test_no_secret_is_shown(self, trial: Trial) -> None:
        """No secret is in the repr of a reader, a writer or their parameters, or in the errors that they raise."""
        ends = [trial.reader(**_CRYPTO), trial.writer(**_CRYPTO)]
        shown = [repr(end) + repr(end.params) + repr(end.info("")) for end in ends]
        shown += [f"{error!r} {error} {error.__cause__!r}" for error in _errors(trial)]
        secrets = {*_texts(_KEY), *secrets_in(ends[0].params)}

        for secret in secrets:
            for text in shown:
                if secret in text:
                    raise Broken(f"a secret is shown: {text.replace(secret, '***')}")


def secrets_in(params: Mapping[str, Any], shortest: int = _SHORTEST) -> Iterator[str]:
    """The values among merged parameters that print as `***`; shorter ones may stand in a log by chance."""
    for value in params.values():
        yield from (text for text in _secrets_of(value) if len(text) >= shortest)


def _secrets_of(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _secrets_of(inner)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets_of(item)
    elif "***" in repr(value):
        yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    """How a value may look in a log."""
    if isinstance(value, bytes):
        yield from (value.hex(), value.hex(" "), b64encode(value).decode())
        yield repr(bytes(value))[2:-1]
    else:
        yield f"{value}"


def _takes_any_parameter(trial: Trial) -> bool:
    with suppress(SinetError):
        trial.reader(kit_token=_PASSWORD)
        trial.writer(kit_token=_PASSWORD)
        return True
    return False


def _use(trial: Trial, **more: Any) -> bytes:
    value = trial.values(1, "payload-Q7w3kd")[0]
    received = Received(trial.patience_s)
    reader = trial.async_reader(**more)
    reader.on_message = received.add
    with reader, trial.writer(**more) as writer, trial.async_writer(**more) as promising:
        writer.publish(value)
        promising.publish(value).get(trial.patience_s)
        received.wait_for([value, value])
    return value


def _errors(trial: Trial, **more: Any) -> Iterator[Exception]:
    """The errors of wrong parameters and, where the harness can show them, of an unreachable broker."""
    for make in (trial.reader, trial.writer):
        for wrong in (
            {"crypto": {"key": _KEY, "mode": "none"}, "data_encryption": True},
            {"value_type": _PASSWORD[:3]},
        ):
            try:
                make(**{**more, **wrong})
            except SinetError as error:
                yield error
    unreachable = trial.harness.unreachable
    for make in (trial.reader, trial.writer) if unreachable else ():
        try:
            make(**{**_CRYPTO, **more, **(unreachable or {})}).open()
        except SinetError as error:
            yield error
    with trial.reader(**_CRYPTO, receive_timeout_ms=50) as reader:
        trial.send_raw([b"no message at all"])
        try:
            next(reader, None)
        except InvalidMessageError as error:
            yield error


def _check_absent(log: Logged, texts: set[str], problem: str, *loggers: str) -> None:
    for text in texts:
        if line := log.line_with(text, *loggers):
            raise Broken(f"{problem}: {line.replace(text, '***')}")
