"""The plugin of fake brokers: what is iterated, what waits and what promises."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from sinetstream.errors import AuthorizationError, ConnectionError, InvalidArgumentError
from sinetstream.spi import (
    Ability,
    AsyncReaderFromReader,
    PluginAsyncMessageWriter,
    PluginMessageReader,
    PluginMessageWriter,
)
from sinetstream.spi.delivery import Delivery
from sinetstream.spi.translation import ErrorTable, Translation
from sinetstream.testing.fake.exchange import FakeDisconnectedError, FakeRefusedError, FakeUnsentError, Record
from sinetstream.testing.fake.faults import Fault, strikes
from sinetstream.testing.fake.greeting import greet
from sinetstream.testing.fake.remote import RemoteExchange
from sinetstream.testing.fake.transaction import Transaction

if TYPE_CHECKING:
    from sinetstream.testing.fake.broker import FakeBroker

__all__ = ["CLASSES", "EVERYTHING", "OLD_CLASSES", "running"]

log = logging.getLogger("sinetstream.testing.fake")
own = logging.getLogger("fake-client")
own.propagate = False
own.addHandler(logging.NullHandler())

_FORGOTTEN = 14
_WAITED_S = 0.12
_ANSWER_S = 0.1

EVERYTHING = frozenset(Ability)
"""What the plugin can do."""

running: dict[str, FakeBroker] = {}
"""The brokers in use in this process, by their `type`."""


class _Plugin:
    errors: ClassVar[ErrorTable] = {
        FakeDisconnectedError: ConnectionError,
        FakeUnsentError: Translation(ConnectionError, "not_sent"),
        FakeRefusedError: AuthorizationError,
    }

    def __init__(self, params: dict[str, Any]) -> None:
        self._params = params
        spec = params["type_spec"]
        self._reach = spec.get("reach", "")
        self._name = spec.get("subscription", "")
        broker = running.get(params["type"])
        self._faults = frozenset[Fault]() if broker is None else broker.faults
        self._exchange: Any = RemoteExchange(spec["address"]) if broker is None else broker.exchange
        self._broker = broker
        declared = EVERYTHING if broker is None else broker.abilities or frozenset()
        self._declared = declared if self._name else declared - {Ability.DURABLE}
        self._metrics = 0

    def open(self) -> None:
        if Fault.LOG_SECRETS in self._faults:
            log.debug("connecting with %s", self._params.get("crypto", {}).get("key", b"").hex())
        try:
            if ":" in self._reach:
                tls = bool(self._params.get("tls")) and Fault.IGNORE_TLS not in self._faults
                greet(self._reach, None if Fault.HANG_IN_OPEN in self._faults else _ANSWER_S, tls=tls)
            self._exchange.connect(self._reach)
        except FakeDisconnectedError as error:
            if Fault.LOG_SECRETS_OF_FAILURES in self._faults:
                own.debug("nobody answers %s", self._params.get("crypto", {}).get("key", b"").hex())
            if Fault.DROP_CAUSE in self._faults:
                raise ConnectionError(str(error)) from None
            raise

    def metrics(self) -> Any:
        return {"calls": self._metrics}

    def reset_metrics(self) -> None:
        self._metrics = 0


class OldReader(_Plugin, PluginMessageReader):
    """Declares nothing."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if not params["topics"]:
            raise InvalidArgumentError("topics: there must be one", path="topics")
        timeout_ms = params["receive_timeout_ms"]
        self._timeout = None if timeout_ms == inf else timeout_ms / 1000
        if Fault.FIXED_TIMEOUT in self._faults and self._timeout is not None:
            self._timeout = 0.5
        self._temporary = "" if self._name or not params["type_spec"].get("temporary") else uuid4().hex
        self._joined: Transaction | None = None
        self._handle = 0

    def open(self) -> None:
        super().open()
        finishes = Ability.ACKNOWLEDGE not in self._declared
        self._handle = self._exchange.subscribe(self._name or self._temporary, self._params["topics"], finishes)
        if Fault.LEAK_THREAD in self._faults and self._broker is not None:
            threading.Thread(target=self._broker.ended.wait, name="fake-leaked", daemon=True).start()
        if Fault.LEAK_DESCRIPTOR in self._faults and self._broker is not None:
            self._broker.leaked.append(os.open(os.devnull, os.O_RDONLY))

    def close(self) -> None:
        self._exchange.leave(self._handle)
        if self._temporary:
            self._exchange.forget(self._temporary)

    def __iter__(self) -> Iterator[tuple[bytes, str, Any]]:
        while (record := self._exchange.take(self._handle, self._timeout)) is not None:
            self._metrics += 1
            if Fault.LOG_PAYLOADS in self._faults:
                log.debug("received %r", record.payload)
            wrong = Fault.WRONG_TOPIC in self._faults
            yield record.payload, f"{record.topic}/wrong" if wrong else record.topic, record

    def acknowledge(self, raw: Record) -> None:
        if Fault.WAIT_IN_ACKNOWLEDGE in self._faults:
            threading.Event().wait(_WAITED_S)
        if self._joined is not None:
            self._joined.finished.append(raw)
        else:
            self._exchange.acknowledge(self._handle, raw)

    def join(self, transaction: Transaction) -> None:
        self._joined = transaction

    def leave(self, finished: list[Record]) -> None:
        self._joined = None
        for raw in finished:
            self._exchange.acknowledge(self._handle, raw)

    def go_back(self) -> None:
        self._joined = None
        self._exchange.go_back(self._handle)

    def attributes(self, raw: Record) -> tuple[bytes | None, Mapping[str, bytes]]:
        return (None, {}) if Fault.LOSE_KEY in self._faults else (raw.key, raw.headers)

    def timestamp_us(self, raw: Record) -> int:
        return raw.timestamp_us

    def seek_to_beginning(self) -> None:
        self._exchange.seek(self._handle, -inf)

    def seek_to_end(self) -> None:
        self._exchange.seek(self._handle, inf)

    def seek_to_time(self, timestamp_us: int) -> None:
        self._exchange.seek(self._handle, timestamp_us)


class _OldSender(_Plugin):
    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if not isinstance(params.get("topic"), str) or "+" in params["topic"]:
            raise InvalidArgumentError("topic: there must be exactly one, and no pattern", path="topic")
        if self._name:
            raise InvalidArgumentError("type_spec.subscription: is an option of readers", path="type_spec.subscription")
        self._pending: list[Delivery[int]] = []
        self._transaction: Transaction | None = None

    def close(self) -> None:
        if Fault.HANG in self._faults and self._broker is not None:
            self._broker.ended.wait()
        for delivery in self._pending:
            delivery.fail(ConnectionError("closed before this was confirmed"))

    def _sent(
        self,
        message: bytes,
        key: bytes | None = None,
        headers: Mapping[str, bytes] | None = None,
        timestamp_us: int | None = None,
    ) -> Delivery[int]:
        record = (self._params["topic"], message, key, headers or {}, timestamp_us, self._reach)
        self._metrics += 1
        if self._transaction is not None:
            self._transaction.published.append(record)
            return Delivery.fulfilled(0)
        number = self._exchange.publish(*record)
        delivery: Delivery[int] = Delivery()
        self._pending.append(delivery)
        if self._broker is not None:
            self._broker.confirm(delivery, number)
        return delivery

    def transaction(self, reader: Any) -> Transaction:
        self._transaction = Transaction(self, reader, self._faults)
        return self._transaction

    def commit(self, published: list[tuple[Any, ...]]) -> None:
        self._transaction = None
        for record in published:
            self._exchange.publish(*record)


class OldWriter(_OldSender, PluginMessageWriter):
    """Declares nothing."""

    def publish(self, message: bytes, **attributes: Any) -> int:
        timeout = None if Fault.HANG_IN_PUBLISH in self._faults else self._params["publish_timeout_ms"] / 1000
        return self._sent(message, **attributes).get(timeout)


class OldAsyncWriter(_OldSender, PluginAsyncMessageWriter):
    """Declares nothing."""

    def publish(self, message: bytes, **attributes: Any) -> Delivery[int]:
        delivery = self._sent(message, **attributes)
        if Fault.WAIT_IN_PUBLISH in self._faults:
            threading.Event().wait(_WAITED_S)
        forgotten = Fault.LEAVE_PROMISE_PENDING in self._faults and strikes(delivery.held_value or 0, _FORGOTTEN)
        return Delivery() if forgotten else delivery


class _Declaring(_Plugin):
    abilities = EVERYTHING
    parameters = frozenset[str]()
    common_parameters = frozenset({"tls"})

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.abilities = self._declared


class FakeReader(_Declaring, OldReader):
    """Declares what the broker can do."""


class FakeWriter(_Declaring, OldWriter):
    """Declares what the broker can do."""


class FakeAsyncWriter(_Declaring, OldAsyncWriter):
    """Declares what the broker can do."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if Fault.DECLARE_LESS in self._faults:
            self.abilities -= {Ability.HEADERS}


class FakeAsyncReader(AsyncReaderFromReader):
    source = FakeReader


CLASSES = {"reader": FakeReader, "async_reader": FakeAsyncReader, "writer": FakeWriter, "async_writer": FakeAsyncWriter}
OLD_CLASSES = {"reader": OldReader, "writer": OldWriter, "async_writer": OldAsyncWriter}
