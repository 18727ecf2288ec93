"""`FakeBroker`: scriptable, in the process, there only while it is used."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sinetstream import plugins
from sinetstream.spi import Ability
from sinetstream.spi.delivery import Delivery
from sinetstream.testing.fake.exchange import WINDOW, Exchange, Record
from sinetstream.testing.fake.faults import Fault
from sinetstream.testing.fake.plugin import CLASSES, EVERYTHING, OLD_CLASSES, running
from sinetstream.testing.fake.remote import Server
from sinetstream.testing.harness import Harness

__all__ = ["FakeBroker"]

_numbers = itertools.count(1)


class FakeBroker:
    """A broker for tests of applications: `with FakeBroker() as broker: MessageWriter(**broker.params, topic="t")`

    Its plugin can do whatever can be declared; `abilities` are what it does declare, None being a plugin that declares
    nothing. `faults` are what it does wrong. It keeps messages until the block is left: readers without a
    `type_spec.subscription` share those of a topic, a subscription gets each of them. Every method may be called from
    any thread.
    """

    def __init__(self, *faults: Fault, abilities: Iterable[Ability] | None = EVERYTHING) -> None:
        self.type = f"fake-{next(_numbers)}"
        self.faults = frozenset(faults)
        self.abilities = None if abilities is None else frozenset(abilities)
        self.exchange = Exchange(self.faults)
        self.ended = threading.Event()
        self.leaked: list[int] = []
        self._address = ""
        self._confirming = threading.Lock()
        self._holding = False
        self._held: list[tuple[Delivery[int], int]] = []
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        classes = OLD_CLASSES if self.abilities is None else CLASSES
        with ExitStack() as undo:
            undo.enter_context(plugins.register(self.type, **classes))
            running[self.type] = self
            undo.callback(running.pop, self.type)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.ended.set()
        self._undo.close()
        for descriptor in self.leaked:
            os.close(descriptor)

    @property
    def params(self) -> dict[str, Any]:
        """The keywords with which a reader or writer reaches it."""
        params: dict[str, Any] = {"no_config": True, "type": self.type}
        return params | ({"type_spec": {"address": self._address}} if self._address else {})

    def _serve(self) -> None:
        """Let other processes in: only the readers that the kit kills are in one."""
        if not self._address and self.abilities and Ability.DURABLE in self.abilities:
            server = Server(self.exchange)
            self._address = server.address
            self._undo.callback(server.close)

    def harness(self, **more: Any) -> Harness:
        """For a conformance test of this broker."""

        def spec(**more: str) -> dict[str, Any]:
            return {"type_spec": {"address": self._address, **more}}

        self._serve()
        facts: dict[str, Any] = {
            "params": self.params,
            "durable": lambda: spec(subscription=f"subscription-{uuid4().hex}"),
            "unreachable": spec(reach="nobody"),
            "forbidden": spec(reach="refused"),
            "read_only": spec(reach="read-only"),
            "interrupt": self.interrupt,
            "silence": self.hold,
            "restore": self._restore_and_release,
            "at": lambda address: spec(reach=address),
            "window": WINDOW,
        }
        return Harness(**(facts | more))

    @property
    def published(self) -> list[Record]:
        """What the broker took, in order."""
        with self.exchange.changed:
            return list(self.exchange.published)

    @property
    def acknowledged(self) -> list[Record]:
        """What readers have finished, in order."""
        with self.exchange.changed:
            return list(self.exchange.acknowledged)

    def interrupt(self) -> None:
        """Go away: publishing and opening raise, reading raises once and then waits. What was taken is kept."""
        self.exchange.interrupt(away=True)

    def restore(self) -> None:
        """Come back."""
        self.exchange.interrupt(away=False)

    def _restore_and_release(self) -> None:
        self.restore()
        self.release()

    def refuse(self) -> None:
        """From now on nobody is allowed to connect."""
        self.exchange.refusing = True

    def hold(self) -> None:
        """From now on messages are taken and not confirmed: promises stay pending, `publish` waits."""
        with self._confirming:
            self._holding = True

    def release(self) -> None:
        """Confirm what was held, and confirm at once again."""
        with self._confirming:
            self._holding = False
            held, self._held = self._held, []
        for delivery, number in held:
            delivery.fulfil(number)

    def confirm(self, delivery: Delivery[int], number: int) -> None:
        """For the plugin: one was taken."""
        with self._confirming:
            if self._holding:
                self._held.append((delivery, number))
                return
        delivery.fulfil(number)
