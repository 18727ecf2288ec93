"""A transaction: what a writer publishes and the position of a reader become final together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from sinetstream.errors import SinetError
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability
from sinetstream.spi.protocols import PluginTransaction, Transactional

__all__ = ["Participant", "Transaction", "TransactionSteps"]


@dataclass(frozen=True, slots=True)
class Participant:
    """What a transaction asks of a reader that takes part in it."""

    plugin: Callable[[], Any]
    """The open plugin. Raises `NotOpenError`."""

    acknowledge: Callable[[], None]
    """Acknowledge the message in flight."""

    forget: Callable[[], None]
    """Regard no message as in flight: the plugin is about to return to the position before the transaction."""

    resume: Callable[[], None]
    """Receive again: the plugin has returned to that position."""


class TransactionSteps:
    """The steps of one transaction, for a `with` and for an `async with`. All but `forget` wait for the broker."""

    def __init__(self, session: Session, reader: Participant | None) -> None:
        session.require(Ability.TRANSACTION, "transaction")
        self._session = session
        self._reader = reader
        self._begun: PluginTransaction
        self._is_begun = False

    def begin(self) -> None:
        if self._is_begun:
            raise SinetError("a transaction is entered once: call transaction() again")
        plugin: Transactional = self._session.plugin()
        reader = None if self._reader is None else self._reader.plugin()
        with self._session.translating():
            self._begun = plugin.transaction(reader)
        self._is_begun = True

    def commit(self) -> None:
        """Raises where nothing was committed; call `forget` and `abort` then."""
        with self._session.translating():
            if self._reader is not None:
                self._reader.acknowledge()
            self._begun.commit()

    def forget(self) -> None:
        """Prepare the reader, if there is one, for `abort`."""
        if self._reader is not None:
            self._reader.forget()

    def abort(self, because: BaseException | None) -> None:
        """Abort after `because`; an error of aborting is added to it as a note, and raised where it is None."""
        try:
            with self._session.translating():
                self._begun.abort()
        except SinetError as error:
            if because is None:
                raise
            because.add_note(f"aborting the transaction failed too: {error}")
        finally:
            if self._reader is not None:
                self._reader.resume()


class Transaction:
    """Entered once. See `MessageWriter.transaction`."""

    def __init__(self, steps: TransactionSteps) -> None:
        self._steps = steps

    def __enter__(self) -> None:
        self._steps.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._roll_back(error)
            return
        try:
            self._steps.commit()
        except BaseException as failed:
            self._roll_back(failed)
            raise

    def _roll_back(self, because: BaseException | None) -> None:
        self._steps.forget()
        self._steps.abort(because)
