"""What a reader handed out and what a writer publishes become final together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol

from sinetstream.errors import SinetError
from sinetstream.session import Session
from sinetstream.spi.abilities import Ability

__all__ = ["Joined", "Step", "Transaction"]


class Joined(Protocol):
    """The reader's side of a transaction."""

    def _join(self) -> Any:
        """The open plugin."""

    def _finish(self) -> None:
        """Tell it that the message in hand is finished."""

    def _forget(self) -> None:
        """What was handed out comes again: nothing of it is in hand. The plugin goes back next."""

    def _go_on(self) -> None:
        """The plugin has gone back."""


class Step:
    """The steps of one transaction, for a `with` and for an `async with`. All but `forget` wait for the broker."""

    def __init__(self, session: Session, reader: Joined | None) -> None:
        session.require(Ability.TRANSACTION, "transaction")
        self._session = session
        self._reader = reader
        self._begun: Any = None

    def begin(self) -> None:
        if self._begun is not None:
            raise SinetError("a transaction is entered once: call transaction() again")
        plugin = self._session.plugin()
        reader = None if self._reader is None else self._reader._join()
        self._begun = self._translated(lambda: plugin.transaction(reader))

    def commit(self) -> None:
        """Raises where nothing was committed; `forget` and `abort` are to follow then."""
        if self._reader is not None:
            self._translated(self._reader._finish)
        self._translated(self._begun.commit)

    def forget(self) -> None:
        if self._reader is not None:
            self._reader._forget()

    def abort(self, because: BaseException | None) -> None:
        """A second error becomes a note of the first."""
        try:
            self._translated(self._begun.abort)
        except SinetError as failed:
            if because is None:
                raise
            because.add_note(f"aborting the transaction failed too: {failed}")
        finally:
            if self._reader is not None:
                self._reader._go_on()

    def _translated(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception as error:  # noqa: BLE001  whatever a plugin raises is translated
            raise self._session.translated(error)  # noqa: B904  it has its cause


class Transaction:
    """Entered once. See `MessageWriter.transaction`."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def __enter__(self) -> None:
        self._step.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None:
            self._back(error)
            return
        try:
            self._step.commit()
        except BaseException as failed:
            self._back(failed)
            raise

    def _back(self, because: BaseException | None) -> None:
        self._step.forget()
        self._step.abort(because)
