"""Value types, serializers and deserializers: what they refuse or fail with is an `InvalidMessageError` with its cause."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.value_types import Json
from sinetstream.errors import InvalidArgumentError, InvalidMessageError
from sinetstream.settings import CodecSettings, ValueTypeSettings
from sinetstream.spi import PluginValueType

Make = Callable[..., MessageCodec]

NOW_US = 1_760_000_000_000_123
TEXT = ValueTypeSettings("text")
JSON = ValueTypeSettings("json")


@pytest.mark.parametrize("value", [bytearray(b"x"), memoryview(b"x"), "x", 5, None, ["x"]])
def test_byte_array_takes_bytes_alone_and_says_what_to_do(value: Any, make: Make) -> None:
    with pytest.raises(InvalidMessageError, match=f"not {type(value).__name__}: publish bytes"):
        make().encode(value, NOW_US)


def test_a_subclass_of_bytes_is_bytes(make: Make) -> None:
    class Payload(bytes):
        __slots__ = ()

    message, _, _ = make(user_data_only=True).encode(Payload(b"value"), NOW_US)

    assert type(message) is bytes
    assert b"value" == message


@pytest.mark.parametrize("value", ["", "text", "文字列", "\x00😀"])
def test_text_is_utf_8(value: Any, make: Make) -> None:
    message, _, size = make(value_type=TEXT).encode(value, NOW_US)

    assert value.encode() == make().decode(message)[0]
    assert (value, size) == (make(value_type=TEXT).decode(message)[0], len(value.encode()))


@pytest.mark.parametrize("value", [b"x", 5, None])
def test_text_takes_str_alone(value: Any, make: Make) -> None:
    with pytest.raises(InvalidMessageError, match=f"must be a str, not {type(value).__name__}"):
        make(value_type=TEXT).encode(value, NOW_US)


def test_text_that_is_not_utf_8_is_refused_both_ways(make: Make) -> None:
    with pytest.raises(InvalidMessageError, match="serializer: failed with UnicodeEncodeError"):
        make(value_type=TEXT).encode("\ud800", NOW_US)
    with pytest.raises(InvalidMessageError, match="deserializer: failed with UnicodeDecodeError") as caught:
        make(value_type=TEXT).decode(make().encode(b"\xff", NOW_US)[0])
    assert isinstance(caught.value.__cause__, UnicodeDecodeError)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text("añ文😀"),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("xyz", max_size=3), inner, max_size=4),
        max_leaves=12,
    )
)
def test_json_values_come_back(value: Any) -> None:
    assert value == Json().deserializer(Json().serializer(value))


def test_json_is_compact_utf_8(make: Make) -> None:
    assert '{"a":[1,"文"]}'.encode() == make(value_type=JSON, user_data_only=True).encode({"a": [1, "文"]}, 0)[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_json_refuses_what_is_not_json(value: Any, make: Make) -> None:
    with pytest.raises(InvalidMessageError, match="serializer: failed with"):
        make(value_type=JSON).encode(value, NOW_US)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"NaN", b"[-Infinity]", b'"\xff"', b"\xef\xbb\xbf1", b"1 2", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_not_json_is_refused(data: bytes, make: Make) -> None:
    with pytest.raises(InvalidMessageError):
        make(value_type=JSON).decode(make().encode(data, NOW_US)[0])


def test_a_serializer_of_the_users_replaces_the_value_types(make: Make) -> None:
    codec = make(value_type=TEXT, serializer=lambda value: b"<%d>" % value, deserializer=lambda data: int(data[1:-1]))

    assert 5 == codec.decode(codec.encode(5, NOW_US)[0])[0]


@pytest.mark.parametrize("returned", [None, "text", bytearray(b"x"), 5])
def test_a_serializer_must_return_bytes(returned: Any, make: Make) -> None:
    with pytest.raises(InvalidMessageError, match=f"must return bytes, it returned {type(returned).__name__}"):
        make(serializer=lambda _: returned).encode("value", NOW_US)


def test_what_a_serializer_or_deserializer_raises_is_kept_as_the_cause(make: Make) -> None:
    def fail(_: Any) -> Never:
        raise KeyError("secret-payload")

    with pytest.raises(InvalidMessageError, match="serializer: failed with KeyError") as caught:
        make(serializer=fail).encode("value", NOW_US)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "secret-payload" not in str(caught.value)

    with pytest.raises(InvalidMessageError, match="deserializer: failed with KeyError") as caught:
        make(deserializer=fail).decode(make().encode(b"value", NOW_US)[0])
    assert isinstance(caught.value.__cause__, KeyError)
    assert "secret-payload" not in str(caught.value)


def test_an_interrupt_in_a_serializer_is_not_an_invalid_message(make: Make) -> None:
    def interrupt(_: Any) -> Never:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(serializer=interrupt).encode("value", NOW_US)


class Upper(PluginValueType):
    def __init__(self, *, suffix: str) -> None:
        self._suffix = suffix

    @property
    def serializer(self) -> Callable[[str], bytes]:
        return lambda value: (value.upper() + self._suffix).encode()

    @property
    def deserializer(self) -> None:
        return None


def test_a_value_type_of_a_plugin_is_constructed_with_its_args() -> None:
    settings = CodecSettings(value_type=ValueTypeSettings("upper", {"suffix": "!"}))
    codec = build(settings, lambda _group, _name: Upper, writing=True)

    assert b"HI!" == codec.decode(codec.encode("hi", NOW_US)[0])[0]


def test_args_that_a_value_type_does_not_take_are_refused_when_the_codec_is_built() -> None:
    settings = CodecSettings(value_type=ValueTypeSettings("upper", {"prefix": "!"}))

    with pytest.raises(InvalidArgumentError, match="'upper' does not take these args: TypeError") as caught:
        build(settings, lambda _group, _name: Upper, writing=True)
    assert caught.value.path == "value_type.args"


def test_the_error_of_an_unknown_value_type_is_the_loaders() -> None:
    def load(group: str, name: Any) -> Never:
        raise InvalidArgumentError(f"no {name} in {group}")

    with pytest.raises(InvalidArgumentError, match=r"no byte_array in sinetstream\.value_type"):
        build(CodecSettings(), load, writing=False)
