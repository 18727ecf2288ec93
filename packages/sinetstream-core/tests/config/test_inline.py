"""File parameters given by their content."""

from __future__ import annotations

import copy
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sinetstream.config import inline
from sinetstream.errors import InvalidArgumentError, SinetError
from sinetstream.settings import ServiceSettings

Load = Callable[..., ServiceSettings]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    where = tmp_path / "temporary"
    where.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(where))
    return where


PARAMS: dict[str, Any] = {
    "type": "kafka",
    "tls": {
        "ca_certs_data": "é",
        "certfile_data": b"\xff",
        "keyfile_data": "k",
        "keyfile": "/old",
        "check_hostname": True,
    },
    "ssl_cafile_data": "1",
    "type_spec": {
        "tls_set": {"keyfile_data": "2"},
        "ssl_cafile_data": "3",
        "ssl_certfile_data": "4",
        "ssl_keyfile_data": "5",
        "ssl_crlfile_data": "6",
        "auth_data": b"untouched",
        "other_data": "untouched",
    },
    "ca_certs_data": "untouched",
}


def test_each_content_is_a_file_while_the_block_runs(temporary: Path) -> None:
    before = copy.deepcopy(PARAMS)
    with inline.files(PARAMS) as params:
        tls, spec = params["tls"], params["type_spec"]
        assert Path(tls["ca_certs"]).read_bytes() == "é".encode()
        assert Path(tls["certfile"]).read_bytes() == b"\xff"
        assert Path(tls["keyfile"]).read_text() == "k"
        assert set(tls) == {"ca_certs", "certfile", "keyfile", "check_hostname"}
        assert Path(params["ssl_cafile"]).read_text() == "1"
        assert Path(spec["tls_set"]["keyfile"]).read_text() == "2"
        names = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
        assert [Path(spec[name]).read_text() for name in names] == ["3", "4", "5", "6"]
        assert any(temporary.iterdir())

    assert not any(temporary.iterdir())
    assert before == PARAMS


def test_nothing_else_that_ends_in_data_is_touched() -> None:
    with inline.files(PARAMS) as params:
        assert params["type_spec"]["auth_data"] == b"untouched"
        assert params["type_spec"]["other_data"] == "untouched"
        assert params["ca_certs_data"] == "untouched"


def test_only_the_owner_can_read_the_files(temporary: Path) -> None:
    with inline.files(PARAMS):
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_the_files_are_gone_after_an_error_too(temporary: Path) -> None:
    with pytest.raises(KeyError), inline.files(PARAMS):
        raise KeyError

    assert not any(temporary.iterdir())


def test_files_that_somebody_else_removed_do_no_harm(temporary: Path) -> None:
    with inline.files(PARAMS) as params:
        Path(params["tls"]["keyfile"]).unlink()

    assert not any(temporary.iterdir())


@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": 1}, "\ud800"])
def test_other_content_is_refused_and_leaves_nothing(temporary: Path, value: Any) -> None:
    params = {"type_spec": {"tls": {"ca_certs_data": "fine", "keyfile_data": value}}}
    with pytest.raises(InvalidArgumentError) as caught, inline.files(params, "services.s"):
        pass

    assert caught.value.path == "services.s.type_spec.tls.keyfile_data"
    assert not any(temporary.iterdir())


def test_a_place_that_cannot_be_written_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")

    with pytest.raises(SinetError), inline.files(PARAMS):
        pass


@pytest.mark.parametrize(
    "params", [{}, {"tls": True, "type_spec": None}, {"tls": {"ca_certs": "x"}, "auth_data": b"x"}, {"type_spec": [1]}]
)
def test_without_content_no_file_is_made(temporary: Path, params: dict[str, Any]) -> None:
    assert not inline.has_inline(params)
    with inline.files(params) as result:
        assert result == params
        assert result is not params
        assert not any(temporary.iterdir())


def test_content_is_found_wherever_it_counts() -> None:
    assert inline.has_inline({"tls": {"keyfile_data": "x"}})
    assert inline.has_inline({"type_spec": {"ssl_cafile_data": "x"}})


def test_a_configuration_with_a_private_key_in_it_does_not_print_it(load: Load) -> None:
    settings = load("s: {type: queue, tls: {keyfile_data: hunter2}}")

    assert "hunter2" not in repr(settings)
    with inline.files(settings.params) as params:
        assert Path(params["tls"]["keyfile"]).read_text() == "hunter2"
