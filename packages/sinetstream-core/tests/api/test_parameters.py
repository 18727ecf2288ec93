"""What the constructors take, what a plugin gets of it, and what can be asked afterwards."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sinetstream
from sinetstream import (
    AT_LEAST_ONCE,
    AT_MOST_ONCE,
    EXACTLY_ONCE,
    Consistency,
    MessageReader,
    MessageWriter,
    SINETStreamMessageDecoder,
    SINETStreamMessageEncoder,
    aio,
)
from sinetstream.errors import (
    InvalidArgumentError,
    NoConfigError,
    NoServiceError,
    SinetError,
    UnsupportedOperationError,
    UnsupportedServiceTypeError,
)
from sinetstream.options import DecoderOptions, EncoderOptions, ReaderOptions, WriterOptions
from sinetstream.spi import COMMON_PARAMETERS, Ability
from sinetstream.spi.options import Options

from .doubles import NONE, SAFE, Lab, LabError, raising_once

READERS: list[Any] = [sinetstream.MessageReader, sinetstream.AsyncMessageReader, aio.MessageReader]
WRITERS: list[Any] = [sinetstream.MessageWriter, sinetstream.AsyncMessageWriter, aio.MessageWriter]
ALL = READERS + WRITERS


def named(cls: type[Any]) -> str:
    return f"{cls.__module__.removeprefix('sinetstream.')}.{cls.__name__}"


all_classes = pytest.mark.parametrize("cls", ALL, ids=named)
readers = pytest.mark.parametrize("cls", READERS, ids=named)
writers = pytest.mark.parametrize("cls", WRITERS, ids=named)


@pytest.fixture(autouse=True)
def both(lab: Lab) -> Lab:
    return lab.registered(reader=lab.reader(), writer=lab.writer())


def made(cls: type[Any], *args: Any, **kwargs: Any) -> Any:
    return cls(*args, **{"type": "lab", "no_config": True, "topic": "t", **kwargs})


@all_classes
def test_a_plugin_gets_the_resolved_parameters(lab: Lab, cls: type[Any]) -> None:
    made(cls, consistency="AT_LEAST_ONCE", brokers="b:1", type_spec={"x": 1}, tls=True)
    params = lab.params[0]

    assert ("lab", "t", AT_LEAST_ONCE, "b:1", {"x": 1}, True) == (
        params["type"],
        params["topic"],
        params["consistency"],
        params["brokers"],
        params["type_spec"],
        params["tls"],
    )
    assert isinstance(params["consistency"], Consistency)


@all_classes
@pytest.mark.parametrize("client_id", [None, "", "mine"])
def test_a_client_id_is_generated_where_none_is_given(lab: Lab, cls: type[Any], client_id: str | None) -> None:
    it = made(cls, client_id=client_id)

    assert it.client_id == lab.params[0]["client_id"]
    assert it.client_id == "mine" if client_id else it.client_id.startswith("sinetstream-")


@all_classes
def test_generated_client_ids_differ(lab: Lab, cls: type[Any]) -> None:
    assert made(cls).client_id != made(cls).client_id


@readers
@pytest.mark.parametrize(
    ("given", "topic", "topics"),
    [("a", "a", ["a"]), (["a"], "a", ["a"]), (["a", "b"], None, ["a", "b"])],
)
def test_a_readers_plugin_gets_topic_where_there_is_one_and_topics_always(
    lab: Lab, cls: type[Any], given: Any, topic: str | None, topics: list[str]
) -> None:
    it = cls(topics=given, type="lab", no_config=True)

    assert (topic, topics, given) == (lab.params[0].get("topic"), lab.params[0]["topics"], it.topics)


@writers
@pytest.mark.parametrize("given", ["a", ["a"]])
def test_a_writers_plugin_gets_its_topic_as_a_string(lab: Lab, cls: type[Any], given: Any) -> None:
    it = cls(topic=given, type="lab", no_config=True)

    assert ("a", "a") == (lab.params[0]["topic"], it.topic)
    assert "topics" not in lab.params[0]
    assert "receive_timeout_ms" not in lab.params[0]


@all_classes
@pytest.mark.parametrize("topics", [[], "", [""], [1], 1, {"a": 1}])
def test_topics_that_are_none_are_refused(lab: Lab, cls: type[Any], topics: Any) -> None:
    name = "topics" if cls in READERS else "topic"

    with pytest.raises(InvalidArgumentError, match="topic"):
        cls(type="lab", no_config=True, **{name: topics})


@writers
def test_a_writer_has_one_topic(lab: Lab, cls: type[Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="one topic"):
        cls(topic=["a", "b"], type="lab", no_config=True)


def test_the_topics_of_a_reader_are_a_copy(lab: Lab) -> None:
    given = ["a", "b"]
    it = sinetstream.MessageReader(topics=given, type="lab", no_config=True)
    assert isinstance(it.topics, list)
    it.topics.append("c")
    given.append("d")

    assert ["a", "b"] == it.topics


@all_classes
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (AT_MOST_ONCE, AT_MOST_ONCE),
        (EXACTLY_ONCE, EXACTLY_ONCE),
        ("AT_LEAST_ONCE", AT_LEAST_ONCE),
        (0, AT_MOST_ONCE),
        (1, AT_LEAST_ONCE),
        (2, EXACTLY_ONCE),
    ],
)
def test_consistency_is_a_member_its_name_or_its_number(
    lab: Lab, cls: type[Any], given: Any, meant: Consistency
) -> None:
    assert meant is made(cls, consistency=given).consistency


@all_classes
@pytest.mark.parametrize("consistency", [3, -1, "ONCE", [], True, 1.0])
def test_another_consistency_is_refused_naming_those_there_are(lab: Lab, cls: type[Any], consistency: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="AT_MOST_ONCE"):
        made(cls, consistency=consistency)


@all_classes
def test_the_properties_say_what_was_configured(lab: Lab, cls: type[Any]) -> None:
    it = made(cls, value_type="text", message_format=2, user_data_only=False)

    assert (None, "text", 2, False, AT_MOST_ONCE) == (
        it.service,
        it.value_type,
        it.message_format,
        it.user_data_only,
        it.consistency,
    )


@all_classes
def test_params_is_a_copy_all_through(lab: Lab, cls: type[Any]) -> None:
    it = made(cls, type_spec={"deep": [1]})
    it.params["type_spec"]["deep"].append(2)

    assert {"deep": [1]} == it.params["type_spec"]


@all_classes
def test_the_callers_mappings_are_neither_changed_nor_kept(lab: Lab, cls: type[Any]) -> None:
    spec: dict[str, Any] = {"deep": {"x": 1}}
    it = made(cls, type_spec=spec)
    lab.params[0]["type_spec"]["deep"]["x"] = 2
    assert {"deep": {"x": 1}} == spec
    spec["deep"]["x"] = 3

    assert {"deep": {"x": 1}} == it.params["type_spec"]


def test_functions_are_told_by_the_properties(lab: Lab) -> None:
    writer = made(sinetstream.MessageWriter, value_serializer=bytes)
    reader = made(sinetstream.MessageReader, value_deserializer=str)

    assert (bytes, str) == (writer.value_serializer, reader.value_deserializer)


@readers
@pytest.mark.parametrize("timeout", [0, 1, 2.5, math.inf])
def test_the_receive_timeout_is_told(lab: Lab, cls: type[Any], timeout: float) -> None:
    assert timeout == made(cls, receive_timeout_ms=timeout).receive_timeout_ms


@pytest.mark.parametrize("cls", READERS[1:], ids=named)
@pytest.mark.parametrize(("abilities", "timeout"), [(SAFE, math.inf), (None, 500)])
def test_a_thread_of_ours_iterates_for_ever_or_in_slices_where_close_does_not_wake_it(
    lab: Lab, cls: type[Any], abilities: frozenset[Ability] | None, timeout: float
) -> None:
    lab.undo()
    lab.registered(reader=lab.reader(abilities))
    made(cls, receive_timeout_ms=7)

    assert timeout == lab.params[0]["receive_timeout_ms"]


@all_classes
def test_an_empty_type_spec_in_a_file_is_an_empty_dict(lab: Lab, no_files: Path, cls: type[Any]) -> None:
    (no_files / ".sinetstream_config.yml").write_text(
        "header: {version: 3}\nconfig: {lab-1: {type: lab, topic: t, type_spec: }}\n"
    )
    it = cls("lab-1")

    assert {} == lab.params[0]["type_spec"]
    assert "lab-1" == it.service


@all_classes
def test_the_service_may_be_left_out_where_the_file_has_one(lab: Lab, no_files: Path, cls: type[Any]) -> None:
    file = no_files / "elsewhere.yml"
    file.write_text("header: {version: 3}\nconfig: {lab-1: {type: lab, topic: t}}\n")

    assert "lab-1" == cls(config_file=file).service
    with pytest.raises(NoServiceError, match="lab-2"):
        cls("lab-2", config_file=file)


@all_classes
def test_the_service_must_be_named_where_the_file_has_two(lab: Lab, no_files: Path, cls: type[Any]) -> None:
    file = no_files / "elsewhere.yml"
    file.write_text("header: {version: 3}\nconfig: {a: {type: lab, topic: t}, b: {type: lab, topic: t}}\n")

    with pytest.raises(NoConfigError):
        cls(config_file=str(file))


@all_classes
def test_no_configuration_is_an_error_unless_none_is_wanted(lab: Lab, cls: type[Any]) -> None:
    with pytest.raises(NoConfigError):
        cls("lab-1")


@all_classes
def test_the_config_server_is_refused_saying_so(lab: Lab, cls: type[Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="Config Server"):
        cls("lab-1", config="somewhere")


@all_classes
def test_a_type_is_required(lab: Lab, cls: type[Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="type: is required"):
        cls(topic="t", no_config=True)


@all_classes
def test_an_unknown_type_names_what_is_installed_and_what_to_install(lab: Lab, cls: type[Any]) -> None:
    with pytest.raises(UnsupportedServiceTypeError, match=r"installed: .*lab.*pip install sinetstream-nowhere"):
        cls(topic="t", no_config=True, type="nowhere")


@all_classes
def test_a_misspelt_parameter_is_refused_where_the_plugin_declares_its_own(lab: Lab, cls: type[Any]) -> None:
    lab.undo()
    own = frozenset(("partition",))
    lab.registered(reader=lab.reader(parameters=own), writer=lab.writer(parameters=own))

    made(cls, partition=3)
    with pytest.raises(InvalidArgumentError, match="consistency"):
        made(cls, consistencyy="AT_MOST_ONCE")


@all_classes
def test_info_answers_dotted_paths(lab: Lab, cls: type[Any]) -> None:
    it = made(cls, client_id="me")

    assert ("me", False, None, None) == (it.info("client_id"), it.info("durable"), it.info("no.such"), it.info("lab.a"))
    assert {"client_id", "durable", "metrics", "lab"} == set(it.info())
    assert it.info("metrics").msg_count_total == 0


def test_info_asks_the_plugin_where_it_is_open(lab: Lab) -> None:
    with made(sinetstream.MessageReader) as it:
        assert (["a", "b"], {"x": 1}) == it.info("lab.a.b", x=1)
        assert ([], {}) == it.info("lab")
        assert ["a"] == it.info("lab.a.")[0]
        assert {"calls": 2} == it.metrics.raw

    assert it.info("lab.a") is None
    assert it.metrics.raw is None


def test_info_durable_is_what_the_plugin_declares(lab: Lab) -> None:
    lab.undo()
    lab.registered(reader=lab.reader(SAFE | {Ability.DURABLE}))

    assert made(sinetstream.MessageReader).info("durable") is True


def test_what_a_plugins_info_raises_is_translated_and_metrics_are_there_without_its_own(lab: Lab) -> None:
    class Broken(lab.writer()):  # type: ignore[misc]  # made to measure
        def metrics(self) -> Any:
            raise LabError("metrics")

        def info(self, path: list[str], kwargs: Any) -> Any:
            raise LabError("info")

        def reset_metrics(self) -> None:
            raise LabError("reset")

    lab.undo()
    lab.registered(writer=Broken)
    with made(sinetstream.MessageWriter) as it:
        asked: list[Callable[[], Any]] = [
            lambda: it.info("lab"),
            lambda: it.reset_metrics(reset_raw=True),
        ]
        for ask in asked:
            with pytest.raises(SinetError, match="LabError"):
                ask()

        assert it.metrics.raw is None


def test_resetting_counts_anew_and_the_plugin_only_where_asked(lab: Lab) -> None:
    with made(sinetstream.MessageWriter) as it:
        it.publish(b"x")
        it.reset_metrics()
        assert 0 == it.metrics.msg_count_total
        assert "reset_metrics" not in lab.calls
        it.reset_metrics(reset_raw=True)

    assert 1 == lab.calls.count("reset_metrics")


def test_a_plugin_without_metrics_and_info_has_none(lab: Lab) -> None:
    class Bare:
        def __init__(self, params: dict[str, Any]) -> None: ...
        def open(self) -> None: ...
        def close(self) -> None: ...
        def publish(self, message: bytes) -> str:
            return "sent"

    lab.undo()
    lab.registered(writer=Bare)
    for cls in (sinetstream.MessageWriter, sinetstream.AsyncMessageWriter):
        with made(cls) as it:
            it.reset_metrics(reset_raw=True)

            assert (None, None) == (it.metrics.raw, it.info("lab.x"))


@all_classes
@pytest.mark.parametrize("consistency", [AT_LEAST_ONCE, EXACTLY_ONCE])
def test_what_a_plugin_declares_absent_is_refused_at_construction(
    lab: Lab, cls: type[Any], consistency: Consistency
) -> None:
    lab.undo()
    lab.registered(reader=lab.reader(NONE), writer=lab.writer(NONE))

    with pytest.raises(
        UnsupportedOperationError, match=f"^consistency: plugin 'lab' does not guarantee {consistency!r}"
    ):
        made(cls, consistency=consistency)
    made(cls)


@all_classes
def test_a_plugin_that_declares_nothing_gets_more_than_it_promises_with_one_warning(
    lab: Lab, caplog: pytest.LogCaptureFixture, cls: type[Any]
) -> None:
    lab.undo()
    lab.registered(reader=lab.reader(None), writer=lab.writer(None))
    with caplog.at_level(logging.WARNING):
        made(cls, consistency=AT_LEAST_ONCE)

    assert ["lab"] == [record.args[0] for record in caplog.records if isinstance(record.args, tuple)]
    assert AT_LEAST_ONCE is lab.params[0]["consistency"]


@all_classes
def test_a_plugin_that_declares_nothing_gets_at_most_once_without_a_warning(
    lab: Lab, caplog: pytest.LogCaptureFixture, cls: type[Any]
) -> None:
    lab.undo()
    lab.registered(reader=lab.reader(None), writer=lab.writer(None))
    made(cls)

    assert [] == caplog.records


@all_classes
@pytest.mark.parametrize("group", ["natural", "derived"])
def test_abilities_may_follow_from_the_parameters(lab: Lab, cls: type[Any], group: str) -> None:
    def chosen(base: type[Any]) -> type[Any]:
        class Chosen(base):  # type: ignore[misc]  # made to measure
            def __init__(self, params: dict[str, Any]) -> None:
                super().__init__(params)
                self.abilities = SAFE if params["type_spec"].get("safe") else NONE

        return Chosen

    lab.undo()
    if group == "natural":
        lab.registered(reader=chosen(lab.reader(None)), writer=chosen(lab.writer(None)))
    else:
        lab.registered(async_reader=chosen(lab.async_reader(None)), async_writer=chosen(lab.async_writer(None)))
    made(cls, consistency=AT_LEAST_ONCE, type_spec={"safe": True})
    with pytest.raises(UnsupportedOperationError):
        made(cls, consistency=AT_LEAST_ONCE)


@all_classes
def test_what_a_plugin_wants_encoded_is_a_message(lab: Lab, cls: type[Any]) -> None:
    lab.undo()
    wanted = ("type_spec.will.payload", "type_spec.no.such", "type_spec.will.no")
    lab.registered(
        reader=lab.reader(encoded_parameters=wanted, parameters=frozenset[str]()),
        writer=lab.writer(encoded_parameters=wanted, parameters=frozenset[str]()),
    )
    spec = {"will": {"payload": "bye", "qos": 1}}
    made(cls, value_type="text", type_spec=spec)
    will = lab.params[0]["type_spec"]["will"]
    decoder: sinetstream.SINETStreamMessageDecoder[str] = sinetstream.SINETStreamMessageDecoder(value_type="text")

    assert ("bye", 1) == (decoder.decode(will["payload"]).value, will["qos"])
    assert {"payload": "bye", "qos": 1} == spec["will"]


def test_secrets_do_not_print(lab: Lab) -> None:
    it = made(
        sinetstream.MessageWriter, data_encryption=True, crypto={"password": "hushhush", "key_derivation": {}}, tls=True
    )

    assert "hushhush" not in repr(it.params) + str(it.info()) + repr(it)


def test_a_failed_open_can_be_tried_again(lab: Lab) -> None:
    lab.on_open = raising_once(LabError("not yet"))
    it = made(sinetstream.MessageWriter)
    with pytest.raises(SinetError):
        it.open()
    with it:
        assert 1 == it.publish(b"")


def test_what_type_checkers_know_is_what_is_accepted() -> None:
    readers = {*ReaderOptions.__annotations__, *inspect.signature(MessageReader).parameters}
    writers = {*WriterOptions.__annotations__, *inspect.signature(MessageWriter).parameters}

    beside = {"service", "config", "config_file", "no_config", "kwargs"}
    assert COMMON_PARAMETERS | beside == readers | writers
    assert COMMON_PARAMETERS - (readers & writers) == _OF_READERS | _OF_WRITERS
    assert _OF_READERS == readers - writers
    assert _OF_WRITERS == writers - readers


_OF_READERS = {"on_invalid", "receive_timeout_ms", "value_deserializer"}
_OF_WRITERS = {"close_timeout_ms", "max_pending_bytes", "publish_timeout_ms", "value_serializer"}


@pytest.mark.parametrize("cls", [SINETStreamMessageEncoder, SINETStreamMessageDecoder])
def test_an_encoder_and_a_decoder_accept_both_names_of_topics(cls: type[Any]) -> None:
    options = EncoderOptions if cls is SINETStreamMessageEncoder else DecoderOptions

    assert {"topic", "topics"} <= set(options.__annotations__)
    cls(topic="t", topics=["t"])


@all_classes
def test_a_plugin_with_declared_options_gets_content_as_it_was_given_and_another_gets_files(
    lab: Lab, cls: type[Any]
) -> None:
    tls = {"ca_certs_data": "content", "check_hostname": True}
    declaring: dict[str, Any] = {"options": Options(), "common_parameters": frozenset({"tls"})}
    with sinetstream.plugins.register("declaring", reader=lab.reader(**declaring), writer=lab.writer(**declaring)):
        made(cls, type="declaring", tls=tls)
    made(cls, tls=tls)

    assert tls == lab.params[0]["tls"]
    assert tls is not lab.params[0]["tls"]
    assert {"ca_certs", "check_hostname"} == set(lab.params[1]["tls"])
