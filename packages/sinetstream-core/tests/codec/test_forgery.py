"""What was cut off or changed on the way is refused, as far as the mode can tell; nothing else ever comes out."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sinetstream.codec import MessageCodec, build
from sinetstream.codec.value_types import ByteArray
from sinetstream.errors import InvalidMessageError
from sinetstream.settings import CodecSettings, EncryptionSettings, KeyDerivation, Secret

NOW_US = 1_760_000_000_000_123
MODES = ["GCM", "EAX", "CBC", "CTR", "OFB", "CFB"]
AUTHENTICATED = ["GCM", "EAX"]
VALUE = b"a value of thirty-three bytes...."


def codec(mode: str | None, *, password: bool = False, padded: bool | None = None, **options: Any) -> MessageCodec:
    encryption = (
        mode
        if mode is None
        else EncryptionSettings(
            mode,
            128,
            padded=mode == "CBC" if padded is None else padded,
            keys={1: Secret(bytes(16), password)},
            derivation=KeyDerivation(iterations=1),
        )
    )
    return build(CodecSettings(encryption=encryption, **options), lambda _group, _name: ByteArray, writing=True)


CODECS = {
    f"{mode or 'plain'} {options}": codec(mode, **options)
    for mode in [None, *MODES]
    for options in ({}, {"message_format": 2}, {"password": True}, {"padded": True}, {"user_data_only": True})
}


def decoded(of: MessageCodec, message: bytes) -> tuple[bytes, int] | None:
    """The message, None where it was refused; any other outcome is an error of the test."""
    try:
        value, timestamp_us, compressed, plain = of.decode(message)
    except InvalidMessageError:
        return None
    assert type(value) is bytes
    assert type(timestamp_us) is int
    assert compressed == plain == len(value)
    return value, timestamp_us


@pytest.mark.parametrize("options", [{}, {"message_format": 2}, {"password": True}, {"padded": True}], ids=str)
@pytest.mark.parametrize("mode", [None, *MODES])
def test_every_truncation_is_refused(mode: str | None, options: dict[str, Any]) -> None:
    """Except, in format 2, one that leaves an older format's message; there is none here."""
    one = codec(mode, **options)
    message, _, _ = one.encode(VALUE, NOW_US)

    assert [] == [size for size in range(len(message)) if decoded(one, message[:size]) is not None]


@pytest.mark.parametrize(
    "options",
    [{}, {"message_format": 2}, {"password": True}, {"padded": True}, {"user_data_only": True}],
    ids=str,
)
@pytest.mark.parametrize("mode", AUTHENTICATED)
def test_every_flipped_bit_is_refused_by_an_authenticated_mode(mode: str | None, options: dict[str, Any]) -> None:
    """The header is not authenticated, yet no flipped bit in it leads to a key that opens the message."""
    one = codec(mode, **options)
    message, _, _ = one.encode(VALUE, NOW_US)

    assert [] == [bit for bit in range(len(message) * 8) if decoded(one, flipped(message, bit)) is not None]


@pytest.mark.parametrize("mode", AUTHENTICATED)
def test_every_truncation_of_user_data_alone_is_refused_by_an_authenticated_mode(mode: str | None) -> None:
    one = codec(mode, user_data_only=True)
    message, _, _ = one.encode(VALUE, NOW_US)

    assert [] == [size for size in range(len(message)) if decoded(one, message[:size]) is not None]


@pytest.mark.parametrize("mode", [None, "CTR", "OFB", "CFB"])
def test_user_data_alone_that_was_cut_off_is_a_shorter_value_where_nothing_tells(mode: str | None) -> None:
    one = codec(mode, user_data_only=True)
    message, _, _ = one.encode(VALUE, NOW_US)

    assert (VALUE[:-3], 0) == decoded(one, message[:-3])


@pytest.mark.parametrize("mode", AUTHENTICATED)
def test_a_large_message_is_refused_as_a_small_one(mode: str | None) -> None:
    one = codec(mode)
    message, _, _ = one.encode(VALUE * 4000, NOW_US)
    rng = random.Random(3)
    for _ in range(60):
        assert decoded(one, flipped(message, rng.randrange(len(message) * 8))) is None
        assert decoded(one, message[: rng.randrange(len(message))]) is None
    assert (VALUE * 4000, NOW_US) == decoded(one, message)


@pytest.mark.parametrize("mode", [None, "CBC", "CTR", "OFB", "CFB"])
def test_a_flipped_bit_elsewhere_is_refused_or_gives_a_message(mode: str | None) -> None:
    """Either is right: nothing in these messages tells. Not right would be another error."""
    one = codec(mode)
    message, _, _ = one.encode(VALUE, NOW_US)
    outcomes = {decoded(one, flipped(message, bit)) is None for bit in range(len(message) * 8)}

    assert {True, False} == outcomes


@pytest.mark.parametrize("mode", MODES)
def test_another_key_is_refused(mode: str | None) -> None:
    message, _, _ = codec(mode, password=False).encode(VALUE, NOW_US)
    for _ in range(50):
        assert decoded(codec(mode, password=True), message) is None


@pytest.mark.parametrize("mode", [None, *MODES])
def test_of_all_last_bytes_the_true_one_alone_gives_the_value(mode: str | None) -> None:
    one = codec(mode)
    message, _, _ = one.encode(VALUE, NOW_US)
    outcomes = [decoded(one, message[:-1] + bytes([last])) for last in range(256)]

    assert [message[-1]] == [last for last, outcome in enumerate(outcomes) if outcome == (VALUE, NOW_US)]
    assert mode not in AUTHENTICATED or outcomes.count(None) == 255


@pytest.mark.parametrize("name", ["plain {}", "GCM {}"])
@settings(max_examples=500, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_half_a_million_random_messages_are_refused_or_are_messages(name: Any, seed: int) -> None:
    """A thousand for each seed. Half of them have a true beginning, so that they come further than the first check.

    Hypothesis chooses the seeds alone: to make up a message takes it a hundred times as long as to decode it.
    """
    one = CODECS[name]
    rng = random.Random(seed)
    message, _, _ = one.encode(VALUE, NOW_US)
    beginnings = [b"", b"", b"", message[:4], message[:6], message[:16], message[:-20], message[:-1]]
    decode, randbytes, bits = one.decode, rng.randbytes, rng.getrandbits
    passed = set()
    for _ in range(1000):
        try:
            passed.add(decode(beginnings[bits(3)] + randbytes(bits(6)))[0])
        except InvalidMessageError:
            continue
    assert {type(value) for value in passed} <= {bytes}
    assert name == "plain {}" or passed <= {VALUE}


@settings(max_examples=1500, deadline=None)
@given(name=st.sampled_from(sorted(CODECS)), cut=st.integers(0, 120), tail=st.binary(max_size=80))
def test_whatever_comes_is_refused_or_is_a_message(name: Any, cut: int, tail: bytes) -> None:
    one = CODECS[name]
    message, _, _ = one.encode(VALUE, NOW_US)

    decoded(one, message[:cut] + tail)


@settings(max_examples=500, deadline=None)
@given(
    name=st.sampled_from(sorted(CODECS)),
    value=st.binary(max_size=200),
    timestamp_us=st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_is_encoded_decodes(name: Any, value: Any, timestamp_us: int) -> None:
    one = CODECS[name]
    expected = 0 if "user_data_only" in name else timestamp_us

    assert (value, expected) == decoded(one, one.encode(value, timestamp_us)[0])


def flipped(message: bytes, bit: int) -> bytes:
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
