"""Nobody sends in the clear who asked not to."""

from __future__ import annotations

import logging
import ssl
from typing import Any

import pytest
from sinetstream import AsyncMessageReader, AsyncMessageWriter, MessageReader, MessageWriter, aio
from sinetstream.errors import InvalidArgumentError, UnsupportedOperationError

from .doubles import SAFE, Lab

all_classes = pytest.mark.parametrize(
    "cls",
    [MessageReader, MessageWriter, AsyncMessageReader, AsyncMessageWriter, aio.MessageReader, aio.MessageWriter],
    ids=lambda cls: f"{cls.__module__}.{cls.__name__}",
)
NOTHING = frozenset[str]()


def made(cls: type[Any], **kwargs: Any) -> Any:
    return cls(type="lab", no_config=True, topic="t", **kwargs)


def registered(lab: Lab, **attributes: Any) -> Lab:
    return lab.registered(reader=lab.reader(**attributes), writer=lab.writer(**attributes))


@all_classes
@pytest.mark.parametrize("tls", [True, {}, {"ca_certs": "x"}, ssl.create_default_context()])
def test_tls_is_refused_where_the_plugin_does_not_honour_it(lab: Lab, cls: type[Any], tls: Any) -> None:
    registered(lab, common_parameters=NOTHING)

    with pytest.raises(
        UnsupportedOperationError, match=r"^tls: plugin 'lab' does not honour it.*remove tls"
    ) as refused:
        made(cls, tls=tls)

    assert "tls" == refused.value.path
    assert "open" not in lab.calls


@all_classes
def test_the_plugin_says_why_it_does_without(lab: Lab, cls: type[Any]) -> None:
    registered(lab, common_parameters=NOTHING, refused_parameters={"tls": "in-process: nothing to encrypt"})

    with pytest.raises(UnsupportedOperationError, match="in-process: nothing to encrypt"):
        made(cls, tls=True)


@all_classes
@pytest.mark.parametrize("given", [{}, {"tls": False}, {"tls": None}])
def test_who_does_not_ask_for_tls_is_not_refused(lab: Lab, cls: type[Any], given: Any) -> None:
    registered(lab, common_parameters=NOTHING)

    made(cls, **given)


@all_classes
def test_a_plugin_that_honours_it_gets_it(lab: Lab, cls: type[Any]) -> None:
    registered(lab, common_parameters=frozenset({"tls"}))
    context = ssl.create_default_context()

    made(cls, tls=context)

    assert context is lab.params[0]["tls"]


def test_abilities_that_follow_from_parameters_count_too(lab: Lab) -> None:
    base = lab.reader(abilities=None, common_parameters=NOTHING)

    class Late(base):  # type: ignore[misc, valid-type]
        def __init__(self, params: dict[str, Any]) -> None:
            super().__init__(params)
            self.abilities = SAFE

    lab.registered(reader=Late)

    with pytest.raises(UnsupportedOperationError, match="tls"):
        made(MessageReader, tls=True)


@pytest.mark.parametrize("cls", [MessageReader, MessageWriter])
def test_of_an_old_plugin_a_warning_says_that_it_is_not_known(
    lab: Lab, cls: type[Any], caplog: pytest.LogCaptureFixture
) -> None:
    registered(lab, abilities=None, common_parameters=NOTHING)

    made(cls, tls=True)

    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert 1 == sum("tls: plugin 'lab' does not say whether it honours it" in text for text in told)


def test_what_is_no_tls_is_refused_before_the_plugin_is_asked(lab: Lab) -> None:
    registered(lab)

    with pytest.raises(
        InvalidArgumentError, match=r"tls: must be true, false, a mapping, or in code an ssl.SSLContext"
    ):
        made(MessageReader, tls="yes")
