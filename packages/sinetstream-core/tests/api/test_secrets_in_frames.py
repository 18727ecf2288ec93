"""A crash reporter that shows the local variables of our frames shows no secret."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
import sinetstream
from sinetstream.errors import SinetError

from .doubles import Lab, raising_once
from .test_parameters import all_classes

OURS = str(Path(sinetstream.__file__).parent)
SECRETS: dict[str, Any] = {
    "crypto": {"password": "hunter2", "keys": {1: b"hunter2"}},
    "tls": {"keyfile_data": "hunter2", "keyfile_password": "hunter2"},
    "type_spec": {
        "username_pw": {"username": "u", "password": "hunter2"},
        "proxy_url": "socks5://u:hunter2@proxy:1080",
        "ws_options": {"headers": {"Authorization": "Basic hunter2"}},
    },
}


def shown_by(error: BaseException) -> str:
    """What a reporter shows of our frames: the variables of each, of the error and of all that it came from."""
    seen: list[str] = []
    while True:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename.startswith(OURS):
                seen += [f"{frame.f_code.co_qualname} {name}: {value!r}" for name, value in frame.f_locals.items()]
        seen += [repr(error), *map(repr, vars(error).values())]
        following = error.__cause__ or error.__context__
        if following is None:
            return "\n".join(seen)
        error = following


def lines_with_the_secret(error: BaseException) -> list[str]:
    return [line for line in shown_by(error).splitlines() if "hunter2" in line]


@pytest.fixture(autouse=True)
def both(lab: Lab) -> Lab:
    return lab.registered(reader=lab.reader(), writer=lab.writer())


@all_classes
@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "nowhere"},
        {"consistency": 7},
        {"data_encryption": True},
        {"data_encryption": True, "crypto": {"password": "hunter2\udcff"}},
        {"data_encryption": True, "crypto": {"key": "hunter2"}},
        {"data_encryption": True, "crypto": {"password": "hunter2\u20ac", "encoding": "latin-1"}},
        {"tls": {"keyfile_data": "hunter2\udcff"}},
        {"no_config": False, "config_file": "lab.yml", "service": "lab"},
        {"no_config": False, "config_file": "lab.yml", "service": "other"},
        {"value_type": {"name": "text", "args": {"nothing": 1}}},
    ],
    ids=str,
)
def test_what_is_wrong_with_parameters_is_said_without_secrets(cls: type[Any], wrong: dict[str, Any]) -> None:
    file = "{lab: {type: lab, crypto: {password: hunter2, mode: hunter}, data_encryption: true, topic: t}}"
    Path("lab.yml").write_text(file)
    parameters = {"type": "lab", "topic": "t", "no_config": True, **SECRETS, **wrong}
    if "config_file" in wrong:
        del parameters["crypto"]
    with pytest.raises(SinetError) as caught:
        cls(**parameters)

    assert "" != shown_by(caught.value)
    assert [] == lines_with_the_secret(caught.value)


@all_classes
def test_what_a_plugin_raises_comes_without_secrets(lab: Lab, cls: type[Any]) -> None:
    lab.on_construct = raising_once(ValueError("x"))
    with pytest.raises(SinetError) as caught:
        cls(
            type="lab",
            topic="t",
            no_config=True,
            **{**SECRETS, "crypto": {"password": "hunter2"}, "data_encryption": True},
        )

    assert [] == lines_with_the_secret(caught.value)


@all_classes
def test_a_mapping_that_contains_itself_is_refused_as_ever(cls: type[Any]) -> None:
    loop: dict[str, Any] = {}
    loop["password"] = loop
    with pytest.raises(SinetError, match="levels deep"):
        cls(type="lab", topic="t", no_config=True, type_spec=loop)


@all_classes
def test_the_mapping_that_the_application_gave_is_not_changed(cls: type[Any]) -> None:
    given = {"password": "hunter2", "list": ["hunter2"]}
    cls(type="lab", topic="t", no_config=True, type_spec=given)

    assert "{'password': 'hunter2', 'list': ['hunter2']}" == repr(given)
