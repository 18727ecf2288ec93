"""Checks that nothing is sent in the clear where TLS is asked for."""

from __future__ import annotations

from contextlib import suppress

import pytest

from sinetstream import SinetError, UnsupportedOperationError
from sinetstream.testing.area import Area, if_declared
from sinetstream.testing.silent_listener import SilentListener
from sinetstream.testing.trial import Trial
from sinetstream.testing.verdict import Broken, Finding, not_observable, refused
from sinetstream.testing.waiting import within

__all__ = ["Tls"]

_HANDSHAKE = b"\x16\x03"  # the type and the first byte of the version of a TLS record


class Tls(Area):
    """The common parameter `tls`."""

    @pytest.mark.parametrize("end", ["reader", "async_reader", "writer", "async_writer"])
    @if_declared()
    def test_tls_is_used_or_refused(self, trial: Trial, end: str) -> Finding | None:
        """With `tls` each connection begins with a TLS handshake; a plugin without TLS refuses the parameter."""
        tls = trial.harness.params.get("tls") or True
        with SilentListener() as listener:
            params = trial.harness.params_at(listener.address)
            try:
                api = getattr(trial, end)(**{**(params or {}), "tls": tls})
            except UnsupportedOperationError as error:
                return refused(str(error))
            if params is None:
                return not_observable("the harness gives no `at`, and `params` no `brokers`")
            with suppress(SinetError):  # nobody answers
                within(trial.patience_s + 1, f"{end}.open", api.open)
            sent = [data for data in listener.received if data]
        if not sent:
            raise Broken(f"{end}.open sent nothing to the address that the harness gave it")
        for data in sent:
            if not data.startswith(_HANDSHAKE):
                raise Broken(f"{end} with `tls` sent in the clear: {data[:40]!r}")
        return None
