"""A home, a working directory and a way to load, all of the test's own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream import config
from sinetstream.config import log_once
from sinetstream.settings import ServiceSettings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "home"
    where.mkdir()
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("HOME", str(where))
    monkeypatch.setenv("USERPROFILE", str(where))
    monkeypatch.delenv("SINETSTREAM_PRIVATE_KEY_PASSPHRASE", raising=False)
    monkeypatch.chdir(work)
    return where


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_once, "_said", set())


@pytest.fixture
def load() -> Callable[..., ServiceSettings]:
    """`load("yaml text", service, topics, **keywords)`; None reads no file."""

    def run(
        text: str | None,
        service: str | None = None,
        asked: Any = None,
        role: Any = "reader",
        declared: frozenset[str] | None = frozenset(),
        **keywords: Any,
    ) -> ServiceSettings:
        if text is not None:
            Path("given.yml").write_text(textwrap.dedent(text), "utf-8")
        return config.load(
            role=role,
            service=service,
            topics=asked,
            config=None,
            config_file=None if text is None else "given.yml",
            no_config=text is None,
            kwargs=keywords,
            plugin_parameters=lambda _: declared,
        )

    return run
