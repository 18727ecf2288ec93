"""Plugins are found by entry point, and loaded when they are used."""

from __future__ import annotations

import bz2
import sys
import uuid
from typing import Any

import pytest
from sinetstream import (
    MessageReader,
    MessageWriter,
    SINETStreamMessageDecoder,
    SINETStreamMessageEncoder,
    plugins,
)
from sinetstream.errors import InvalidArgumentError, UnsupportedServiceTypeError

from .conftest import Install

WRITER = """
class Writer:
    def __init__(self, params): self.params = params
    def open(self): pass
    def close(self): pass
    def publish(self, message): return len(message)
"""


@pytest.fixture
def name() -> str:
    """New each time: what is loaded stays loaded."""
    return f"p{uuid.uuid4().hex}"


def writer(name: str) -> MessageWriter[bytes]:
    return MessageWriter(topic="t", type=name, no_config=True)


def test_an_installed_plugin_is_used_by_the_name_of_its_entry_point(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: WRITER})
    with writer(name) as it:
        assert it.publish(b"x") > 1


def test_listing_what_is_installed_imports_none_of_it(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: "raise SystemExit"})

    assert name in plugins.installed("sinetstream.writer")
    assert name not in plugins.installed("sinetstream.reader")
    assert name not in sys.modules


def test_another_plugin_that_is_broken_does_no_harm(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: WRITER})
    install("dist-b", {"sinetstream.writer": {"broken": "no_such_module:Writer"}})

    with writer(name):
        pass


def test_two_distributions_that_claim_one_name_are_both_named(install: Install, name: str) -> None:
    for distribution in ("dist-a", "dist-b"):
        install(distribution, {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: WRITER})

    with pytest.raises(UnsupportedServiceTypeError, match=f"'{name}' in sinetstream.writer .*dist-a and by dist-b"):
        writer(name)


def test_one_name_in_two_groups_is_no_claim(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: WRITER})
    install("dist-b", {"sinetstream.async_writer": {name: "no_such_module:Writer"}})

    with writer(name):
        pass


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError"),
        ("", "AttributeError"),
        ("def", "SyntaxError"),
    ],
)
def test_a_plugin_whose_import_fails_names_its_distribution_and_the_cause(
    install: Install, name: str, source: str, cause: str
) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: source})

    with pytest.raises(UnsupportedServiceTypeError, match=f"'{name}' of dist-a cannot be imported: {cause}") as caught:
        writer(name)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("Writer = 1", "is not a class"),
        ("class Writer: pass", "has no close, open, publish"),
        (WRITER.replace("def publish", "def send"), "has no publish"),
        (WRITER + "    close = None", "has no close"),
        (
            "from sinetstream.spi import PluginMessageWriter\nclass Writer(PluginMessageWriter):\n    def open(self): pass",
            "has no close, publish",
        ),
    ],
)
def test_a_plugin_that_is_unusable_names_its_distribution_and_what_is_missing(
    install: Install, name: str, source: str, problem: str
) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: source})

    with pytest.raises(UnsupportedServiceTypeError, match=f"of dist-a is unusable: .*{problem}"):
        writer(name)


def test_an_unknown_type_names_what_is_installed_and_the_wheel(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.reader": {name: f"{name}:Reader"}})

    with pytest.raises(UnsupportedServiceTypeError, match=f"{name}.*pip install sinetstream-nothing"):
        MessageReader(topics="t", type="nothing", no_config=True)


def test_a_type_with_plugins_of_the_other_kind_alone_says_so(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.reader": {name: f"{name}:Reader"}})

    with pytest.raises(UnsupportedServiceTypeError, match=r"only in sinetstream\.reader"):
        writer(name)


def test_value_types_and_compressions_are_found_the_same_way(install: Install, name: str) -> None:
    source = """
class Upper:
    serializer = staticmethod(lambda value: value.upper())
    deserializer = staticmethod(bytes.lower)
"""
    install("dist-a", {"sinetstream.value_type": {name: f"{name}:Upper"}}, **{name: source})

    assert "Upper" == plugins.load("sinetstream.value_type", name).__name__
    with pytest.raises(InvalidArgumentError, match=f"compression.algorithm: '{name}' is none of gzip, zstd"):
        plugins.load("sinetstream.compression", name)


def test_a_value_type_and_a_compression_written_to_the_published_contract_work(install: Install, name: str) -> None:
    """`cls(**args)` with two properties, and `cls(level=, params=)` with two; nothing of ours is inherited or imported."""
    source = """
import bz2

class Greek:
    def __init__(self, encoding="utf-8"): self._encoding = encoding
    @property
    def serializer(self): return lambda value: value.encode(self._encoding)
    @property
    def deserializer(self): return lambda data: data.decode(self._encoding)

class Bzip:
    def __init__(self, level=None, params=None):
        self._level = 9 if level is None else level
        self._front = params["front"]
    @property
    def compressor(self): return lambda data: self._front + bytes([self._level]) + bz2.compress(data, self._level)
    @property
    def decompressor(self): return lambda data: bz2.decompress(data.removeprefix(self._front)[1:])
"""
    groups = {"sinetstream.value_type": {name: f"{name}:Greek"}, "sinetstream.compression": {name: f"{name}:Bzip"}}
    install("dist-a", groups, **{name: source})
    parameters: dict[str, Any] = {
        "value_type": {"name": name, "args": {"encoding": "iso8859-7"}},
        "data_compression": True,
        "compression": {"algorithm": name, "level": 2, name: {"front": b"front"}},
    }
    message = SINETStreamMessageEncoder[str](**parameters).encode("αβγ")

    assert "αβγ" == SINETStreamMessageDecoder[str](**parameters).decode(message).value
    assert message.endswith(b"front\x02" + bz2.compress("αβγ".encode("iso8859-7"), 2))


def test_the_built_in_ones_come_through_the_same_door() -> None:
    assert {"byte_array", "json", "text"} <= set(plugins.installed("sinetstream.value_type"))
    assert {"gzip", "zstd"} <= set(plugins.installed("sinetstream.compression"))


class Bare:
    def __init__(self, params: dict[str, Any]) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def publish(self, message: bytes) -> None: ...


def test_what_is_registered_is_used_until_it_is_undone(name: str) -> None:
    undo = plugins.register(name, writer=Bare)
    assert name in plugins.installed("sinetstream.writer")
    with writer(name):
        pass
    undo.close()
    undo.close()

    assert name not in plugins.installed("sinetstream.writer")
    with pytest.raises(UnsupportedServiceTypeError):
        writer(name)


def test_registering_lasts_as_long_as_a_block(name: str) -> None:
    with plugins.register(name, writer=Bare):
        it = writer(name)

    with it:
        it.publish(b"objects constructed meanwhile keep their plugin")
    with pytest.raises(UnsupportedServiceTypeError):
        writer(name)


def test_what_is_registered_hides_what_is_installed(install: Install, name: str) -> None:
    install("dist-a", {"sinetstream.writer": {name: f"{name}:Writer"}}, **{name: WRITER})
    assert "Writer" == plugins.find(name, "sinetstream.writer")[1].__name__
    with plugins.register(name, writer=Bare):
        assert ("sinetstream.writer", Bare) == plugins.find(name, "sinetstream.writer")

    assert "Writer" == plugins.find(name, "sinetstream.writer")[1].__name__


def test_registering_a_name_twice_is_refused_and_changes_nothing(name: str) -> None:
    class Other(Bare):
        pass

    with plugins.register(name, writer=Bare):
        with pytest.raises(InvalidArgumentError, match="already"):
            plugins.register(name, writer=Other, async_writer=Other)

        assert Bare is plugins.find(name, "sinetstream.writer")[1]
        assert name not in plugins.installed("sinetstream.async_writer")


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"printer": Bare}, "'printer' is none of reader, writer"),
        ({"reader": Bare}, "has no __iter__"),
        ({"writer": Bare({})}, "is not a class"),
    ],
)
def test_registering_what_is_unusable_is_refused(name: str, groups: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        plugins.register(name, **groups)
