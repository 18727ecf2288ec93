"""`SINETStreamMessageEncoder` and `SINETStreamMessageDecoder`: messages without a broker."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sinetstream import MessageReader, MessageWriter, SINETStreamMessageDecoder, SINETStreamMessageEncoder
from sinetstream.errors import InvalidArgumentError, InvalidMessageError, NoConfigError, NoServiceError

from .doubles import Lab

Encoder = SINETStreamMessageEncoder[Any]
Decoder = SINETStreamMessageDecoder[Any]


@pytest.mark.parametrize(
    ("params", "value"),
    [
        ({}, b"x"),
        ({"value_type": "text"}, "ö"),
        ({"value_type": "json"}, {"a": [1, None]}),
        ({"message_format": 2}, b"x"),
        ({"user_data_only": True}, b"x"),
        ({"data_compression": True}, b"x" * 1000),
        (
            {
                "data_encryption": True,
                "crypto": {"key": b"k" * 32, "key_length": 256, "algorithm": "AES", "mode": "GCM"},
            },
            b"x",
        ),
        (
            {"service": "any", "no_config": True, "type": "iostream", "topic": "t", "brokers": "b", "client_id": "c"},
            b"x",
        ),
    ],
)
def test_what_is_encoded_is_decoded(params: dict[str, Any], value: Any) -> None:
    message = Decoder(**params).decode(Encoder(**params).encode(value, 1.5))

    assert (value, None) == (message.value, message.topic)
    assert params.get("user_data_only") or message.timestamp == 1.5


def test_it_is_what_a_writer_sends_and_a_reader_reads(lab: Lab) -> None:
    lab.registered(reader=lab.reader(), writer=lab.writer())
    common: dict[str, Any] = {"type": "lab", "no_config": True, "value_type": "text"}
    with MessageWriter[str](topic="t", **common) as writer:
        writer.publish("v", 1)
    lab.arrive_raw(Encoder(**common).encode("w", 2))
    with MessageReader[str](topics="t", **common) as reader:
        assert ("w", 2.0) == ((message := next(reader)).value, message.timestamp)

    assert "v" == Decoder(**common).decode(lab.published[0]).value
    assert [Encoder(**common).encode("v", 1)] == lab.published


FILE = """
header: {version: 3}
config:
  vault: {type: queue, value_type: text, data_encryption: true, crypto: {key: !!binary a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=}}
"""


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (".sinetstream_config.yml", {"service": "vault"}),
        (".sinetstream_config.yml", {}),
        ("other.yml", {"service": "vault", "config_file": "other.yml"}),
        ("other.yml", {"config_file": Path("other.yml")}),
    ],
)
def test_service_and_file_are_taken_as_a_writer_takes_them(name: str, given: dict[str, Any]) -> None:
    Path(name).write_text(FILE)
    message = Encoder(**given).encode("secret")

    assert b"secret" not in message
    assert "secret" == Decoder(**given).decode(message).value
    assert b"secret" in Encoder(**given, data_encryption=False).encode("secret")


@pytest.mark.parametrize("cls", [Encoder, Decoder])
def test_what_is_wrong_with_the_source_is_what_a_writer_says(cls: Any) -> None:
    for given, error in (
        ({"service": "vault"}, NoConfigError),
        ({"config_file": "missing.yml"}, NoConfigError),
        ({"config": "cluster"}, InvalidArgumentError),
    ):
        with pytest.raises(error):
            cls(**given)
    Path(".sinetstream_config.yml").write_text(FILE)
    with pytest.raises(NoServiceError):
        cls("valt")
    with pytest.raises(InvalidArgumentError, match=r"^services\.vault\.value_type: "):
        cls("vault", value_type="no such")
    assert b"x" == Decoder(no_config=True).decode(Encoder(no_config=True).encode(b"x")).value


def test_parameters_of_a_messaging_system_that_is_not_installed_are_left_aside() -> None:
    Path("other.yml").write_text("header:\nconfig: {lab: {type: iostream, topic: t, own_key: 1, value_type: text}}")
    message = Encoder("lab", config_file="other.yml").encode("x")

    assert "x" == Decoder("lab", config_file="other.yml").decode(message).value


def test_the_published_way_of_using_them_works() -> None:
    with Encoder("service", value_type="text", no_config=True) as encoder, Decoder(value_type="text") as decoder:
        encoder.open()
        before = time.time()
        message = decoder.open().decode(encoder.encode("x"))
        encoder.close("for old programs")

        assert before - 0.001 <= message.timestamp <= time.time()
        assert "y" == decoder.decode(encoder.encode("y")).value


def test_after_a_message_that_is_none_the_next_is_decoded() -> None:
    decoder = Decoder()
    for invalid in (b"", b"\x00", b"\xdf\x03\x00\x00"):
        with pytest.raises(InvalidMessageError):
            decoder.decode(invalid)

    assert b"x" == decoder.decode(Encoder().encode(b"x")).value


def test_what_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(InvalidMessageError):
        Encoder().encode("text")
    with pytest.raises(InvalidArgumentError):
        Encoder().encode(b"", "soon")  # type: ignore[arg-type]  # which is the point
    with pytest.raises(InvalidArgumentError):
        Encoder().encode(b"", 10**5000)


@pytest.mark.parametrize("cls", [Encoder, Decoder])
@pytest.mark.parametrize(
    "params", [{"value_type": "no such"}, {"message_format": 4}, {"mesage_format": 3}, {"data_encryption": True}]
)
def test_bad_parameters_are_refused_when_it_is_constructed(cls: Any, params: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        cls(**params)
