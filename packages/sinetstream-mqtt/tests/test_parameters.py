"""What is wrong with parameters is said at construction, with the place and the nearest name."""

import ssl
from typing import Any

import pytest
from sinetstream import MessageReader, MessageWriter
from sinetstream.errors import InvalidArgumentError, SinetError, UnsupportedOperationError
from sinetstream.spi import Ability, Consistency
from sinetstream_plugins.mqtt.options.parameters import Parameters, parse

pytestmark = pytest.mark.mqtt


def parsed(role: Any = "reader", consistency: str = "AT_MOST_ONCE", **given: Any) -> Parameters:
    params = {"brokers": "localhost", "client_id": "me", "client_id_generated": False, **given}
    return parse(params | {"consistency": Consistency[consistency]}, role)


def version_5(**type_spec: Any) -> dict[str, Any]:
    return {"type_spec": {"protocol": "MQTTv5", **type_spec}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("broker", [("broker", 1883)]),
        ("broker:1", [("broker", 1)]),
        ("a:1, b", [("a", 1), ("b", 1883)]),
        (["a", "b:2"], [("a", 1883), ("b", 2)]),
        ("[::1]:9", [("::1", 9)]),
        ("[::1]", [("::1", 1883)]),
        ("::1", [("::1", 1883)]),
    ],
)
def test_brokers_are_tried_in_the_order_given(given: Any, expected: list[tuple[str, int]]) -> None:
    assert expected == [(broker.host, broker.port) for broker in parsed(brokers=given).brokers]


@pytest.mark.parametrize(
    "given", [None, [], "", "mqtt://broker", "a@b:1", "broker:", "broker:x", "broker:70000", ":1883", [1], "[::1"]
)
def test_what_is_no_broker_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="brokers"):
        parsed(brokers=given)


@pytest.mark.parametrize(
    ("given", "port"),
    [
        ({}, 1883),
        ({"tls": True}, 8883),
        ({"tls": False}, 1883),
        ({"type_spec": {"transport": "websockets"}}, 80),
        ({"type_spec": {"transport": "websockets", "tls": {}}}, 443),
        ({"tls_set": {}}, 8883),
    ],
)
def test_the_default_port_follows_tls_and_websockets(given: dict[str, Any], port: int) -> None:
    assert port == parsed(**given).brokers[0].port


def context(**given: Any) -> ssl.SSLContext:
    made = parsed(**given).tls
    assert made is not None
    return made.context()


def test_tls_verifies_unless_told_otherwise() -> None:
    made = context(tls=True)

    assert (True, ssl.CERT_REQUIRED) == (made.check_hostname, made.verify_mode)


def test_the_name_of_the_host_can_be_left_unchecked_in_both_ways() -> None:
    common, own = context(tls={"check_hostname": False}), context(tls=True, tls_insecure_set={"value": True})

    assert (False, False) == (common.check_hostname, own.check_hostname)
    assert ssl.CERT_REQUIRED == own.verify_mode


def test_mqtt_s_own_tls_counts_before_the_common_one_key_by_key() -> None:
    made = context(tls={"check_hostname": False}, type_spec={"tls": {"cert_reqs": "CERT_OPTIONAL"}})

    assert (False, ssl.CERT_OPTIONAL) == (made.check_hostname, made.verify_mode)
    assert parsed(tls=True, type_spec={"tls": False}).tls is None


@pytest.mark.parametrize("none", ["CERT_NONE", 0])
def test_no_certificate_at_all_is_asked_for_only_where_the_user_says_so(none: Any) -> None:
    made = context(tls_set={"cert_reqs": none})

    assert (False, ssl.CERT_NONE) == (made.check_hostname, made.verify_mode)


@pytest.mark.parametrize("version", ["PROTOCOL_TLSv1_2", int(ssl.PROTOCOL_TLSv1_2)])
def test_a_version_of_tls_is_named_as_in_python_s_ssl(version: Any) -> None:
    made = context(tls_set={"tls_version": version})

    assert (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2) == (made.minimum_version, made.maximum_version)
    assert ssl.TLSVersion.TLSv1_2 == context(tls_set={"tls_version": "PROTOCOL_TLS_CLIENT"}).minimum_version


def test_each_connection_has_a_context_of_its_own_and_one_from_the_application_is_used_as_it_is() -> None:
    secured, given = parsed(tls=True).tls, ssl.create_default_context()

    assert secured is not None
    assert secured.context() is not secured.context()
    assert given is context(tls=given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type_spec": {"quos": 1}}, "type_spec.quos.*'qos'"),
        ({"type_spec": {"username_pw_set": {}}}, "type_spec.username_pw_set.*'username_pw'"),
        ({"type_spec": {"ws_set_options": {}}}, "'ws_options'"),
        ({"username_pw": {}}, "username_pw.*'username_pw_set'"),
        ({"keepalife": 3}, "keepalife.*'keepalive'"),
        ({"type_spec": {"connect": {"keepalive": 3}}}, "type_spec.connect.*keepalive"),
        ({"type_spec": {"protocol": "MQTTv4"}}, "type_spec.protocol"),
        ({"type_spec": {"transport": "unix"}}, "type_spec.transport"),
        ({"type_spec": {"qos": 3}}, "type_spec.qos"),
        ({"type_spec": {"retain": 1}}, "type_spec.retain"),
        ({"type_spec": {"keepalive": "1"}}, "type_spec.keepalive"),
        ({"type_spec": {"connection_timeout": 0}}, "type_spec.connection_timeout"),
        ({"type_spec": {"max_inflight_messages": 3}}, "type_spec.max_inflight_messages.*mapping"),
        ({"type_spec": {"max_inflight_messages": {"inflght": 3}}}, "max_inflight_messages.inflght.*'inflight'"),
        ({"type_spec": {"reconnect_delay": {"min_delay": 5, "max_delay": 1}}}, "max_delay"),
        ({"type_spec": {"username_pw": {"password": "x"}}}, "username_pw.username"),
        ({"type_spec": {"clean_start": True}}, "clean_start.*MQTTv5"),
        ({"type_spec": {"receive_maximum": 3}}, "receive_maximum.*MQTTv5"),
        ({"type_spec": {"ws_options": {"path": "/x"}}}, "websockets"),
        (version_5(clean_session=True), "clean_session.*clean_start"),
        (version_5(topic_alias_maximum=3), "topic_alias_maximum"),
        (version_5(auth_data=b"x"), "auth_method"),
        (version_5(user_property={"a": 1}), "user_property"),
        (version_5(session_expiry_interval=-1), "session_expiry_interval"),
        ({"tls": {"ca_cert": "x"}}, "tls.ca_cert.*'ca_certs'"),
        ({"tls": {"ca_certs": "/nowhere"}}, "tls.ca_certs: cannot read the file /nowhere: No such file"),
        ({"tls_set": {"tls_version": "PROTOCOL_SSLv2"}}, "tls_set.tls_version"),
        ({"tls": ssl.create_default_context(), "tls_set": {"cert_reqs": 0}}, "tls_set.cert_reqs.*SSLContext"),
        ({"type_spec": {"username_pw": {"username": "u", "password": 5}}}, "username_pw.password.*quote it"),
        ({"type_spec": {"user_property": 5}}, "user_property.*mapping"),
        ({"tls_set": {"cert_reqs": "CERT_NO"}}, "cert_reqs"),
        ({"type_spec": {"tls_insecure": {"value": True}}}, "tls_insecure"),
        ({"will_set": {"payload": b""}}, "will_set.topic"),
        ({"will_set": {"topic": "a", "payload": b"", "delay_interval": 1}}, "delay_interval.*MQTTv5"),
        ({"will_set": {"topic": "a", "payload": b"x" * 65536}}, "will_set.payload.*65536"),
        ({"will_set": {"topic": "a\n", "payload": b""}}, "will_set.topic.*forbids"),
        ({"client_id": "a\ud800"}, "client_id.*UTF-8"),
        ({"client_id": "a\n"}, "client_id.*forbids"),
        ({"username_pw_set": {"username": "u" * 65536}}, "username_pw_set.username.*65535"),
        ({"username_pw_set": {"username": "u\n"}}, "username_pw_set.username.*forbids"),
        ({"username_pw_set": {"username": "u", "password": "p" * 65536}}, "username_pw_set.password.*65535"),
        ({"type_spec": {"transport": "websockets", "ws_options": {"headers": {"a": "b\r\nc: d"}}}}, "headers.*HTTP"),
        (version_5(user_property={"a": "\0"}), "user_property.*forbids"),
        (version_5(auth_method="m", auth_data=b"x" * 65536), "auth_data.*65535"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_place(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        parsed(**given)


@pytest.mark.parametrize("old", [True, False])
def test_each_parameter_has_its_old_and_its_new_name(old: bool) -> None:
    common = {"keepalive": 5, "connection_timeout": 3, "clean_session": False, "qos": 1, "retain": True}
    named = {
        "max_inflight_messages": {"inflight": 7},
        "max_queued_messages": {"queue_size": 8},
        "username_pw": {"username": b"u", "password": b"p"},
        "reconnect_delay": {"min_delay": 2, "max_delay": 4},
        "will": {"topic": "gone", "payload": b"w", "qos": 2, "retain": True},
    }
    given = common | {f"{name}_set": value for name, value in named.items()} if old else {"type_spec": common | named}

    made = parsed("writer", **given)

    assert (5, 3, 7, 8, "u", "p", 2, 4) == (
        made.keepalive, made.connection_timeout, made.window, made.max_queued,
        made.username, made.password, made.reconnect_min, made.reconnect_max,
    )  # fmt: skip
    assert made.will is not None
    assert ("gone", b"w", 2, True) == (made.will.topic, made.will.payload, made.will.qos, made.will.retain)
    assert (1, True, True) == (made.qos, made.retain, made.session.resumes)


def test_one_service_serves_readers_and_writers_and_is_checked_for_both() -> None:
    given = {"max_inflight_messages": {"inflight": 7}, "max_queued_messages": {"queue_size": 8}, "retain": True}

    assert (7, 8, True) == (
        parsed("writer", type_spec=given).window,
        parsed("writer", type_spec=given).max_queued,
        parsed("writer", type_spec=given).retain,
    )
    assert parsed("reader", type_spec=given) == parsed("reader")
    with pytest.raises(InvalidArgumentError, match=r"max_queued_messages\.queue_size"):
        parsed("reader", type_spec={"max_queued_messages": {"queue_size": -1}})


def test_a_qos_below_the_consistency_is_refused_naming_both() -> None:
    with pytest.raises(InvalidArgumentError, match=r"qos.*AT_LEAST_ONCE"):
        parsed(consistency="AT_LEAST_ONCE", qos=0)
    assert 2 == parsed(consistency="AT_LEAST_ONCE", qos=2).qos


@pytest.mark.parametrize(
    ("given", "durable", "missing"),
    [
        ({}, True, None),
        ({"client_id_generated": True}, False, "client_id"),
        ({"clean_session": True}, False, "clean_session: false"),
        (version_5(), True, None),
        (version_5(clean_start=True), False, "clean_start: false"),
        (version_5(session_expiry_interval=0), False, "session_expiry_interval"),
        ({"client_id_generated": True, **version_5()}, False, "client_id"),
    ],
)
def test_a_session_outlives_the_process_where_nothing_speaks_against_it(
    given: dict[str, Any], durable: bool, missing: str | None
) -> None:
    made = parsed(consistency="AT_LEAST_ONCE", **given)

    assert durable == (Ability.DURABLE in made.abilities)
    assert missing == made.session.missing


def test_at_most_once_asks_for_no_session() -> None:
    assert not parsed().session.resumes
    assert not parsed(**version_5()).session.resumes


@pytest.mark.parametrize(
    "given",
    [
        {"username_pw_set": {"username": "u", "password": "secret"}},
        {"type_spec": {"transport": "websockets", "ws_options": {"headers": {"Authorization": "Bearer secret"}}}},
        version_5(auth_method="m", auth_data="secret"),
    ],
)
def test_secrets_are_not_shown(given: dict[str, Any]) -> None:
    assert "secret" not in repr(parsed(**given))


@pytest.mark.parametrize(
    "given", ["mqtt://user:secret@host", "user:secret@host:1883", ["user:secret@host"], [{"secret": 1}]]
)
def test_what_is_no_broker_is_refused_without_showing_a_secret_in_it(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="brokers") as raised:
        parsed(brokers=given)
    assert "secret" not in str(raised.value)


def construct(api: Any, **given: Any) -> Any:
    return api(no_config=True, type="mqtt", brokers="localhost", **given)


@pytest.mark.parametrize("topics", [None, [], "a/#/b", "a+", "$share/g", "", "a\n", "\x85", "\uffff", "\ud800"])
def test_a_reader_needs_topics_that_are_topics(topics: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="topic"):
        construct(MessageReader, topics=topics)


@pytest.mark.parametrize("topic", [None, "a/+", "#", "$share/g/x", "a\0", "a\x7f", "x" * 65536])
def test_a_writer_needs_one_topic_without_wildcards(topic: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="topic"):
        construct(MessageWriter, topic=topic)


def test_what_mqtt_cannot_is_refused_when_constructed_or_asked() -> None:
    writer = construct(MessageWriter, topic="a")

    with pytest.raises(SinetError):
        writer.publish(b"", key=b"k")
    with pytest.raises(UnsupportedOperationError):
        construct(MessageReader, topics="a").seek_to_beginning()
