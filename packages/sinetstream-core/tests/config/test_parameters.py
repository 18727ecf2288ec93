"""The common parameters: what is accepted, and what the error says of anything else."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sinetstream.consistency import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE
from sinetstream.errors import InvalidArgumentError
from sinetstream.settings import CodecSettings, CompressionSettings, ServiceSettings, ValueTypeSettings

Load = Callable[..., ServiceSettings]


def refusal(load: Load, path: str, **parameters: Any) -> str:
    """The sentence after the path, which is the same with a file and without."""
    with pytest.raises(InvalidArgumentError) as caught:
        load(None, **{"type": "queue", **parameters})
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_the_defaults_are_the_documented_ones(load: Load) -> None:
    settings = load("s: {type: queue}")

    assert (settings.service, settings.path, settings.type) == ("s", "services.s", "queue")
    assert (settings.topics, settings.topics_as_given) == ((), None)
    assert settings.consistency is AT_MOST_ONCE
    assert settings.receive_timeout_ms == math.inf
    assert (settings.publish_timeout_ms, settings.close_timeout_ms) == (30_000, 10_000)
    assert settings.max_pending_bytes == 64 * 1024 * 1024
    assert settings.on_invalid == "raise"
    assert settings.codec == CodecSettings()
    assert settings.params == {"type": "queue"}


def test_a_missing_type_names_the_place_and_the_way_out(load: Load) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^services\.s\.type: is required.*type: kafka") as caught:
        load("s: {topic: t}")

    assert caught.value.path == "services.s.type"


@pytest.mark.parametrize("value", [7, "", ["kafka"], b"kafka"])
def test_a_type_is_a_string(load: Load, value: Any) -> None:
    assert "must" in refusal(load, "type", type=value)


@pytest.mark.parametrize(
    ("value", "member"),
    [
        (AT_LEAST_ONCE, AT_LEAST_ONCE),
        ("AT_LEAST_ONCE", AT_LEAST_ONCE),
        ("exactly_once", EXACTLY_ONCE),
        (0, AT_MOST_ONCE),
        (1, AT_LEAST_ONCE),
        (2, EXACTLY_ONCE),
    ],
)
def test_consistency_is_a_member_a_name_or_a_number(load: Load, value: Any, member: Any) -> None:
    assert load(None, type="queue", consistency=value).consistency is member


@pytest.mark.parametrize("value", [None, True, False, 3, -1, 1.0, "once", "", ["AT_MOST_ONCE"], {}])
def test_another_consistency_is_told_the_three(load: Load, value: Any) -> None:
    assert "AT_MOST_ONCE (0), AT_LEAST_ONCE (1), EXACTLY_ONCE (2)" in refusal(load, "consistency", consistency=value)


@pytest.mark.parametrize("value", [None, ""])
def test_a_client_id_is_made_where_none_is_given(load: Load, value: Any) -> None:
    one, other = (load(None, type="queue", client_id=value).client_id for _ in range(2))

    assert one.startswith("sinetstream-")
    assert one != other


def test_a_client_id_is_kept(load: Load) -> None:
    assert load("s: {type: queue, client_id: mine}", client_id=None).client_id == "mine"
    assert "string" in refusal(load, "client_id", client_id=7)


@pytest.mark.parametrize("name", ["receive_timeout_ms", "publish_timeout_ms", "close_timeout_ms"])
@pytest.mark.parametrize(
    ("value", "milliseconds"), [(0, 0), (1.5, 1.5), (math.inf, math.inf), ("inf", math.inf), (10**400, math.inf)]
)
def test_a_time_is_a_number_of_milliseconds(load: Load, name: str, value: Any, milliseconds: float) -> None:
    assert getattr(load(None, type="queue", **{name: value}), name) == milliseconds


@pytest.mark.parametrize("name", ["receive_timeout_ms", "publish_timeout_ms", "close_timeout_ms"])
@pytest.mark.parametrize("value", [-1, -0.1, -math.inf, math.nan, True, "5", [], {}])
def test_another_time_is_refused(load: Load, name: str, value: Any) -> None:
    assert "at least 0" in refusal(load, name, **{name: value})


def test_a_null_receive_timeout_is_none_at_all(load: Load) -> None:
    assert load("s: {type: queue, receive_timeout_ms: }").receive_timeout_ms == math.inf


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None])
def test_the_pending_bytes_are_a_positive_integer(load: Load, value: Any) -> None:
    assert "integer" in refusal(load, "max_pending_bytes", max_pending_bytes=value)


def test_invalid_messages_raise_are_skipped_or_go_to_a_function(load: Load) -> None:
    assert load("s: {type: queue, on_invalid: skip}").on_invalid == "skip"
    assert load(None, type="queue", on_invalid=print).on_invalid is print
    for value in ("ignore", None, 3, ["skip"]):
        assert "raise, skip or a function" in refusal(load, "on_invalid", on_invalid=value)


@pytest.mark.parametrize("value", [1, 4, 3.0, "3", True, None, [3]])
def test_the_message_format_is_2_or_3(load: Load, value: Any) -> None:
    assert load(None, type="queue", message_format=2).codec.message_format == 2
    assert "from 2 to 3" in refusal(load, "message_format", message_format=value)


@pytest.mark.parametrize("name", ["data_compression", "data_encryption", "user_data_only"])
@pytest.mark.parametrize("value", ["true", 1, 0, None, "yes", {}])
def test_a_switch_is_true_or_false_and_nothing_else(load: Load, name: str, value: Any) -> None:
    assert refusal(load, name, **{name: value}).startswith("must be true or false")


def test_user_data_only_goes_with_encryption_and_compression(load: Load) -> None:
    codec = load(
        None, type="queue", user_data_only=True, data_compression=True, data_encryption=True, crypto={"password": "p"}
    ).codec

    assert (codec.user_data_only, codec.compression is not None, codec.encryption is not None) == (True, True, True)


@pytest.mark.parametrize(
    "form",
    [
        "image",
        {"name": "image", "args": {"height": 3}},
        {"name": "image", "args": {"height": 3}, "beside": 1},
        SimpleNamespace(name="image", args={"height": 3}),
        SimpleNamespace(name="image"),
        {"name": "image", "args": None},
    ],
)
def test_a_value_type_has_three_forms(load: Load, form: Any) -> None:
    value_type = load(None, type="queue", value_type=form).codec.value_type

    assert value_type in (ValueTypeSettings("image"), ValueTypeSettings("image", {"height": 3}))


@pytest.mark.parametrize(
    ("form", "path"),
    [
        (7, "value_type"),
        ("", "value_type"),
        ([], "value_type"),
        (object(), "value_type"),
        ({}, "value_type.name"),
        ({"nmae": "text"}, "value_type.name"),
        ({"name": 7}, "value_type.name"),
        ({"name": "x", "args": [1]}, "value_type.args"),
        ({"name": "x", "args": {1: 2}}, "value_type.args.1"),
        (SimpleNamespace(name=None), "value_type.name"),
    ],
)
def test_another_value_type_is_refused_at_its_place(load: Load, form: Any, path: str) -> None:
    refusal(load, path, value_type=form)


def test_a_serializer_that_is_none_was_not_given(load: Load) -> None:
    codec = load(None, type="queue", value_type="text", value_serializer=None, value_deserializer=None).codec

    assert (codec.value_type.name, codec.serializer, codec.deserializer) == ("text", None, None)


def test_a_serializer_is_a_function_given_to_the_constructor(load: Load) -> None:
    codec = load(None, type="queue", value_serializer=str.encode, value_deserializer=bytes.decode).codec

    assert (codec.serializer, codec.deserializer) == (str.encode, bytes.decode)
    with pytest.raises(InvalidArgumentError, match=r"services\.s\.value_serializer: .*constructor"):
        load("s: {type: queue, value_serializer: org.example.Serializer}")


@pytest.mark.parametrize(
    ("compression", "expected"),
    [
        (None, CompressionSettings()),
        ({"algorithm": "zstd", "level": 3}, CompressionSettings("zstd", 3)),
        ({"level": -5, "max_decompressed_bytes": 1}, CompressionSettings("gzip", -5, {}, 1)),
        ({"gzip": {"wbits": 9}, "zstd": {"threads": 2}}, CompressionSettings("gzip", None, {"wbits": 9})),
        ({"algorithm": "lz4", "lz4": None}, CompressionSettings("lz4")),
    ],
)
def test_compression_is_typed(load: Load, compression: Any, expected: CompressionSettings) -> None:
    assert load(None, type="queue", data_compression=True, compression=compression).codec.compression == expected


@pytest.mark.parametrize("switch", [True, False])
@pytest.mark.parametrize(
    ("compression", "path"),
    [
        ("gzip", "compression"),
        ({"algorithm": 7}, "compression.algorithm"),
        ({"algorithm": None}, "compression.algorithm"),
        ({"level": "9"}, "compression.level"),
        ({"level": True}, "compression.level"),
        ({"level": 1.5}, "compression.level"),
        ({"gzip": 9}, "compression.gzip"),
        ({"levle": 9}, "compression.levle"),
        ({"max_decompressed_bytes": 0}, "compression.max_decompressed_bytes"),
        ({7: 9}, "compression.7"),
    ],
)
def test_compression_is_checked_even_where_it_is_off(load: Load, compression: Any, path: str, switch: bool) -> None:
    refusal(load, path, data_compression=switch, compression=compression)


def test_compression_is_nothing_where_it_is_off(load: Load) -> None:
    assert load(None, type="queue", data_compression=False, compression={"level": 9}).codec.compression is None


@pytest.mark.parametrize("value", ["yes", 1, ["a"]])
def test_tls_is_a_switch_or_a_mapping(load: Load, value: Any) -> None:
    assert "must be true, false, a mapping, or" in refusal(load, "tls", tls=value)
    for right in (True, False, {"ca_certs": "x"}, None):
        load(None, type="queue", tls=right)


@pytest.mark.parametrize("value", ["x", ["a"], True])
def test_a_type_spec_is_a_mapping(load: Load, value: Any) -> None:
    assert "must be a mapping" in refusal(load, "type_spec", type_spec=value)


def test_an_error_of_a_parameter_has_its_path_and_what_is_allowed(load: Load) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        load("lab: {type: queue, data_encryption: true, crypto: {mode: XYZ, password: p}}")

    assert str(caught.value) == "services.lab.crypto.mode: must be one of CBC, CFB, CTR, EAX, GCM, OFB, not 'XYZ'"
    assert caught.value.path == "services.lab.crypto.mode"


V3, V2, V1 = "header: {version: 3}\nconfig: ", "header: {version: 2}\nconfig: ", ""


@pytest.mark.parametrize("version", [V3, V2, V1])
@pytest.mark.parametrize("key", ["consitency", "Consistency", "value-type", "brokrs", "topcis", "tsl", "tpye", "crypt"])
def test_a_misspelt_common_parameter_is_an_error_in_every_version(load: Load, version: str, key: str) -> None:
    with pytest.raises(InvalidArgumentError, match="did you mean") as caught:
        load(f"{version}{{s: {{type: queue, {key}: x}}}}")

    assert caught.value.path == f"services.s.{key}"


@pytest.mark.parametrize("version", [V2, V1])
@pytest.mark.parametrize(
    "key",
    [
        "qos",
        "acks",
        "keepalive",
        "group_id",
        "retries",
        "protocol",
        "transport",
        "tls_set",
        "tls_insecure_set",
        "client_secret",
        "linger_ms",
        "security_protocol",
        "request_timeout_ms",
        "session_timeout_ms",
        "max_poll_records",
        "compression_type",
        "key_serializer",
        "bootstrap_servers",
        "buffer_memory",
        "retain",
        "clean_session",
        "will_set",
        "username_pw_set",
        "ws_set_options",
        "reconnect_delay_set",
        "topic_alias_maximum",
        "batch_size",
        "auto_offset_reset",
        "api_version",
        "max_block_ms",
        "bucket",
        "prefix",
        "suffix",
        "name",
        "user_property",
        "metadata_max_age_ms",
    ],
)
def test_broker_parameters_stand_beside_the_common_ones_in_versions_1_and_2(load: Load, version: str, key: str) -> None:
    assert key in load(f"{version}{{s: {{type: queue, {key}: x}}}}").params


@pytest.mark.parametrize("version", [V2, V1])
@pytest.mark.parametrize(("key", "meant"), [("auto_offset_rest", "auto_offset_reset"), ("grup_id", "group_id")])
def test_a_misspelt_parameter_of_the_plugins_is_an_error_in_versions_1_and_2(
    load: Load, version: str, key: str, meant: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=f"services.s.{key}: .*did you mean '{meant}'"):
        load(f"{version}{{s: {{type: queue, {key}: x}}}}", declared=frozenset({"auto_offset_reset", "group_id"}))


@pytest.mark.parametrize("text", [f"{V3}{{s: {{type: queue, qos: 1}}}}", None])
def test_an_unknown_parameter_is_an_error_in_version_3_and_without_a_file(load: Load, text: str | None) -> None:
    given = {} if text else {"type": "queue", "qos": 1}

    with pytest.raises(InvalidArgumentError, match=r"qos: unknown parameter.*type_spec"):
        load(text, **given)


@pytest.mark.parametrize("version", [V3, V2, V1])
def test_what_the_plugin_declares_is_known(load: Load, version: str) -> None:
    text = f"{version}{{s: {{type: queue, consitency: 1, depth: 2}}}}"

    assert load(text, declared=frozenset({"consitency", "depth"})).params["depth"] == 2


def test_a_plugin_that_declares_nothing_gets_everything_with_one_warning(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"{V3}{{s: {{type: queue, consitency: 1, depth: 2}}}}"
    settings = [load(text, declared=None) for _ in range(2)]

    assert settings[1].params["consitency"] == 1
    assert len(caplog.records) == 1
    assert "did you mean 'consistency'" in caplog.records[0].getMessage()
    assert caplog.records[0].levelno == logging.WARNING


def test_the_plugin_is_asked_once_and_only_for_a_valid_type(load: Load) -> None:
    from sinetstream import config

    asked: list[str] = []

    def parameters(name: str) -> frozenset[str]:
        asked.append(name)
        return frozenset()

    def run(**keywords: Any) -> None:
        config.load(
            role="reader",
            service=None,
            topics=None,
            config=None,
            config_file=None,
            no_config=True,
            kwargs=keywords,
            plugin_parameters=parameters,
        )

    for wrong in ({}, {"type": 7}):
        with pytest.raises(InvalidArgumentError):
            run(**wrong)
    run(type="queue")

    assert asked == ["queue"]


def test_a_parameter_of_micropython_is_accepted(load: Load) -> None:
    load(f"{V3}{{s: {{type: queue, use_realtime_clock: false}}}}")


def test_a_parameter_that_has_no_name_is_refused(load: Load) -> None:
    with pytest.raises(InvalidArgumentError, match=r"services\.s\.7: a parameter's name must be a string"):
        load(f"{V3}{{s: {{type: queue, 7: x}}}}")


def test_only_the_program_may_allow_code(load: Load) -> None:
    assert load("s: {type: queue}", allow_code=True).params["allow_code"] is True
    with pytest.raises(InvalidArgumentError, match="give allow_code=True to the constructor") as caught:
        load("s: {type: queue, allow_code: true}")

    assert caught.value.path == "services.s.allow_code"
