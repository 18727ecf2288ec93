"""What the API must refuse where an ability is not declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sinetstream import AT_LEAST_ONCE, EXACTLY_ONCE, Consistency, SinetError, UnsupportedOperationError
from sinetstream.spi import Ability
from sinetstream.testing.declared import Role
from sinetstream.testing.trial import AS_CARRIED, Trial
from sinetstream.testing.verdict import Broken, Finding, not_declared, refused

__all__ = ["check_refused"]


def check_refused(trial: Trial, ability: Ability) -> Finding:
    """Ask for what is not declared. `Broken` where it is not refused with `UnsupportedOperationError`."""
    sides = trial.declared.lacking(ability)
    attempts = [attempt for side in sides for attempt in _ATTEMPTS.get((ability, side), ())]
    if not attempts:
        return not_declared(f"{ability!r} is not declared, and there is nothing to refuse")
    for what, attempt in attempts:
        _must_refuse(what, attempt, trial)
    return refused("; ".join(what for what, _ in attempts))


def _must_refuse(what: str, attempt: Callable[[Trial], Any], trial: Trial) -> None:
    try:
        attempt(trial)
    except UnsupportedOperationError:
        return
    except SinetError as error:
        raise Broken(f"{what} raised {error!r}, not UnsupportedOperationError") from error
    raise Broken(f"{what} was not refused, although the plugin does not declare it")


Attempt = tuple[str, Callable[[Trial], Any]]


def _constructing(role: Role, consistency: Consistency) -> list[Attempt]:
    if role == "reader":
        return [
            (f"MessageReader at {consistency!r}", lambda trial: trial.reader(consistency=consistency)),
            (f"AsyncMessageReader at {consistency!r}", lambda trial: trial.async_reader(consistency=consistency)),
            (f"aio.MessageReader at {consistency!r}", lambda trial: trial.aio_reader(consistency=consistency)),
        ]
    return [
        (f"MessageWriter at {consistency!r}", lambda trial: trial.writer(consistency=consistency)),
        (f"AsyncMessageWriter at {consistency!r}", lambda trial: trial.async_writer(consistency=consistency)),
        (f"aio.MessageWriter at {consistency!r}", lambda trial: trial.aio_writer(consistency=consistency)),
    ]


def _publishing(params: Mapping[str, Any] = MappingProxyType({}), **attributes: Any) -> list[Attempt]:
    def publish(trial: Trial) -> None:
        with trial.writer(**params) as writer:
            writer.publish(b"", **attributes)

    def promise(trial: Trial) -> None:
        with trial.async_writer(**params) as writer:
            writer.publish(b"", **attributes).get(trial.patience_s)

    (name,) = attributes
    return [(f"publish({name}=)", publish), (f"AsyncMessageWriter.publish({name}=)", promise)]


def _seeking(method: str, *args: Any) -> list[Attempt]:
    def sync(trial: Trial) -> None:
        with trial.reader() as reader:
            getattr(reader, method)(*args)

    def with_callbacks(trial: Trial) -> None:
        with trial.async_reader() as reader:
            getattr(reader, method)(*args)

    return [(f"MessageReader.{method}", sync), (f"AsyncMessageReader.{method}", with_callbacks)]


_ATTEMPTS: dict[tuple[Ability, Role], list[Attempt]] = {
    (Ability.AT_LEAST_ONCE, "reader"): _constructing("reader", AT_LEAST_ONCE),
    (Ability.AT_LEAST_ONCE, "writer"): _constructing("writer", AT_LEAST_ONCE),
    (Ability.EXACTLY_ONCE, "reader"): _constructing("reader", EXACTLY_ONCE),
    (Ability.EXACTLY_ONCE, "writer"): _constructing("writer", EXACTLY_ONCE),
    (Ability.TRANSACTION, "writer"): [
        ("MessageWriter.transaction", lambda trial: trial.writer().transaction()),
        ("aio.MessageWriter.transaction", lambda trial: trial.aio_writer().transaction()),
    ],
    (Ability.KEY, "writer"): _publishing(key="a key"),
    (Ability.HEADERS, "writer"): _publishing(headers={"name": b"value"}),
    (Ability.TIMESTAMP, "writer"): _publishing(AS_CARRIED, timestamp=1000.0),
    (Ability.SEEK, "reader"): [*_seeking("seek_to_beginning"), *_seeking("seek_to_end")],
    (Ability.SEEK_TIME, "reader"): _seeking("seek_to_time", 1.0),
}
