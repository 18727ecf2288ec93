"""Whoever finds it, an error about a parameter of a file begins with the full path, which is its `path` too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sinetstream import MessageReader, MessageWriter, plugins
from sinetstream.errors import InvalidArgumentError, UnsupportedServiceTypeError


class Picky:
    """A plugin that looks at its parameters, when it is constructed and when it is opened."""

    abilities = frozenset[Any]()
    parameters = frozenset[str]()

    def __init__(self, params: dict[str, Any]) -> None:
        self._on_open = params["type_spec"].pop("on_open", False)
        if not self._on_open:
            self._look(params)
        self._params = params

    def _look(self, params: dict[str, Any]) -> None:
        if params.get("topic") is None:
            raise InvalidArgumentError("topic: needs exactly one", path="topic")
        if "size" in params["type_spec"]:
            raise InvalidArgumentError("type_spec.size: must be a number", path="type_spec.size")
        if "words" in params["type_spec"]:
            raise InvalidArgumentError("the size is no number", path="type_spec.words")
        if "nowhere" in params["type_spec"]:
            raise InvalidArgumentError("something is wrong")

    def open(self) -> None:
        self._look(self._params)

    def close(self) -> None: ...

    def publish(self, message: bytes) -> None: ...


@pytest.fixture(autouse=True)
def picky() -> Iterator[None]:
    with plugins.register("picky", writer=Picky):
        yield


def refused(folder: Path, parameters: dict[str, Any]) -> Any:
    file = folder / "config.yml"
    service = {"type": "picky", "topic": "t", "data_compression": True, **parameters}
    file.write_text(json.dumps({"header": {"version": 3}, "config": {"lab": service}}))
    with (
        pytest.raises((InvalidArgumentError, UnsupportedServiceTypeError)) as caught,
        MessageWriter("lab", config_file=file),
    ):
        pass
    return caught.value


@pytest.mark.parametrize(
    ("parameters", "path", "words"),
    [
        ({"type": "pickx"}, "type", "no plugin for 'pickx' is installed .*; did you mean 'picky'"),
        ({"type": "nothing"}, "type", "no plugin for 'nothing' is installed .*pip install sinetstream-nothing"),
        ({"value_type": "txt"}, "value_type", "'txt' is none of .*; did you mean 'text'"),
        ({"value_type": "no such"}, "value_type", "'no such' is none of byte_array, json, text"),
        (
            {"value_type": {"name": "text", "args": {"a": 1}}},
            "value_type.args",
            "'text' does not take these args: TypeError",
        ),
        ({"compression": {"algorithm": "gzpi"}}, "compression.algorithm", "'gzpi' is none of .*; did you mean 'gzip'"),
        ({"compression": {"level": 10}}, "compression.level", r"gzip .*\(levels are -1 to 9\)"),
        (
            {"compression": {"algorithm": "zstd", "level": 23}},
            "compression.level",
            r"zstd .* level 23 .*\(levels are up to 22\)",
        ),
        (
            {"compression": {"algorithm": "zstd", "zstd": {"window": 1}}},
            "compression.zstd",
            "unknown parameter 'window'; there are dict_data, level",
        ),
        ({"compression": {"gzip": {"wbits": 99}}}, "compression.gzip", "gzip cannot work with"),
        ({"topic": None}, "topic", "needs exactly one"),
        ({"type_spec": {"size": "x"}}, "type_spec.size", "must be a number"),
        ({"type_spec": {"size": "x", "on_open": True}}, "type_spec.size", "must be a number"),
        ({"type_spec": {"words": "x"}}, "type_spec.words", "the size is no number"),
        ({"consistency": 1}, "consistency", "plugin 'picky' does not guarantee"),
        ({"tls": {"ca_certs_data": 1}}, "tls.ca_certs_data", "must be the content of a file"),
    ],
    ids=str,
)
def test_an_error_names_its_place_in_full(tmp_path: Path, parameters: dict[str, Any], path: str, words: str) -> None:
    error = refused(tmp_path, parameters)

    assert f"services.lab.{path}" == error.path
    assert str(error).startswith(f"services.lab.{path}: ")
    assert re.search(words, str(error))


def test_an_error_without_a_place_is_about_the_service(tmp_path: Path) -> None:
    error = refused(tmp_path, {"type_spec": {"nowhere": 1}})

    assert ("services.lab", "services.lab: something is wrong") == (error.path, str(error))


def test_a_name_that_is_near_to_an_installed_one_is_no_advice_to_install_another(tmp_path: Path) -> None:
    assert "pip install" not in str(refused(tmp_path, {"type": "pikcy"}))


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"type": "pickx"}, "type"),
        ({"compression": {"algorithm": "gzpi"}, "data_compression": True}, "compression.algorithm"),
        ({"type_spec": {"size": "x"}}, "type_spec.size"),
    ],
    ids=str,
)
def test_without_a_file_the_place_is_the_parameters_name(parameters: dict[str, Any], path: str) -> None:
    with pytest.raises((InvalidArgumentError, UnsupportedServiceTypeError)) as caught:
        MessageWriter(**{"topic": "t", "type": "picky", "no_config": True, **parameters})

    assert path == caught.value.path
    assert str(caught.value).startswith(f"{path}: ")


def test_a_reader_of_a_type_for_writers_alone_names_the_place() -> None:
    with pytest.raises(
        UnsupportedServiceTypeError, match=r"^type: 'picky' has no plugin in .*, only in sinetstream.w"
    ) as e:
        MessageReader(topics="t", type="picky", no_config=True)

    assert "type" == e.value.path


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "${NAME}"},
        {"value_type": "${NAME}"},
        {"value_type": {"name": "${NAME}"}},
        {"data_compression": True, "compression": {"algorithm": "${NAME}"}},
    ],
    ids=str,
)
def test_an_unknown_name_from_the_environment_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any]
) -> None:
    monkeypatch.setenv("NAME", "hunter2")

    assert "hunter2" not in str(refused(tmp_path, parameters))
