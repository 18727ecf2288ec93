from importlib.util import find_spec
from typing import Any

import pytest
from sinetstream import AT_LEAST_ONCE, AT_MOST_ONCE, EXACTLY_ONCE, InvalidArgumentError, MessageReader, MessageWriter
from sinetstream_plugins.kafka.options.client_options import Options, parse

BASE: dict[str, Any] = {"brokers": "b", "client_id": "me", "consistency": AT_LEAST_ONCE, "type_spec": {}}
SASL = {"sasl_mechanism": "PLAIN", "sasl_plain_username": "u", "sasl_plain_password": b"secret"}


def options(role: Any, type_spec: dict[str, Any] | None = None, **params: Any) -> Options:
    return parse({**BASE, **params, "type_spec": type_spec or {}}, role)


def test_brokers_without_a_port_have_kafka_s() -> None:
    parsed = options("reader", brokers="a:1, b, ::1")

    assert [("a", 1), ("b", 9092), ("::1", 9092)] == list(parsed.brokers)
    assert ["a:1", "b:9092", "[::1]:9092"] == parsed.client["bootstrap_servers"]


SECRET = "s3cret"


@pytest.mark.parametrize(
    "given",
    [
        f"kafka://alice:{SECRET}@h:9092",
        f"alice:{SECRET}@h",
        f"a, kafka://alice:{SECRET},{SECRET}@h",
        f"kafka://alice:{SECRET}@{SECRET}//@h",
        [f"{SECRET}@h:9092"],
        [{"host": "h", "password": SECRET}],
        [SECRET.encode()],
    ],
)
def test_a_password_among_the_brokers_is_refused_and_not_told(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="is not an address") as refused:
        MessageWriter(no_config=True, type="kafka", brokers=given, topic="t")

    assert SECRET not in str(refused.value)


def test_what_is_parsed_prints_no_secrets() -> None:
    parsed = options("writer", {**SASL, "sasl_plain_password": SECRET, "proxy_url": f"socks5://u:{SECRET}@h:1080"})

    assert parsed.client["sasl_plain_password"] == SECRET
    assert SECRET not in repr(parsed)


def test_every_option_of_kafka_python_is_passed_on() -> None:
    assert options("reader", {"fetch_max_bytes": 7}).client["fetch_max_bytes"] == 7
    assert options("writer", {"linger_ms": 7}).client["linger_ms"] == 7


def test_options_beside_brokers_are_those_of_configuration_versions_1_and_2() -> None:
    assert options("reader", group_id="g").client["group_id"] == "g"
    assert options("reader", {"group_id": "h"}, group_id="g").client["group_id"] == "h"


def test_the_client_id_is_passed_on() -> None:
    assert options("writer").client["client_id"] == "me"


@pytest.mark.parametrize(
    ("role", "name", "says"),
    [
        ("reader", "grup_id", "did you mean 'group_id', an option of readers"),
        ("writer", "grup_id", "did you mean 'group_id', an option of readers"),
        ("writer", "linger", "did you mean 'linger_ms', an option of writers"),
        ("reader", "request_timeout", "did you mean 'request_timeout_ms'"),
        ("reader", "bootstrap_servers", "say brokers"),
        ("reader", "consumer_timeout_ms", "say receive_timeout_ms"),
    ],
)
def test_a_wrong_option_is_refused_with_the_right_one(role: str, name: str, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says) as refused:
        options(role, {name: 1})

    assert refused.value.path == f"type_spec.{name}"


BOTH_SIDES = {"group_id": "g", "auto_offset_reset": "earliest", "isolation_level": "read_uncommitted"} | {
    "max_request_size": 7_000,
    "retries": 0,
    "record_time": "message",
    "topic_pattern": "t.*",
}


def test_one_service_has_the_options_of_both_sides() -> None:
    reader = options("reader", BOTH_SIDES, consistency=AT_MOST_ONCE)
    writer = options("writer", BOTH_SIDES, consistency=AT_MOST_ONCE)

    assert ("g", "t.*") == (reader.client["group_id"], reader.topic_pattern)
    assert "max_request_size" not in reader.client
    assert (7_000, "message") == (writer.client["max_request_size"], writer.record_time)
    assert "group_id" not in writer.client


@pytest.mark.parametrize(
    ("role", "name", "value"),
    [("writer", "group_id", 7), ("writer", "topic_pattern", "("), ("reader", "linger_ms", "x")],
)
def test_an_option_of_the_other_side_is_checked(role: Any, name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must") as refused:
        options(role, {name: value})

    assert refused.value.path == f"type_spec.{name}"


def test_an_option_of_the_other_side_is_not_held_against_the_consistency() -> None:
    assert "isolation_level" not in options("writer", {"isolation_level": "read_uncommitted"}).client
    assert "acks" not in options("reader", {"acks": 0, "transactional_id": "t"}).client


@pytest.mark.parametrize(("name", "value"), [("linger_ms", "5"), ("acks", "most"), ("ssl_check_hostname", "yes")])
def test_an_option_of_the_wrong_kind_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=name):
        options("writer", {name: value})


@pytest.mark.parametrize(
    ("role", "given", "says"),
    [
        ("writer", {"compression_type": "foo"}, "must be one of gzip, snappy, lz4, zstd"),
        ("writer", {"acks": 7}, "must be one of all, 0, 1"),
        ("writer", {"buffer_memory": "x"}, "must be a number"),
        ("writer", {"buffer_memory": -1}, "of at least 0"),
        ("writer", {"linger_ms": -1}, "of at least 0"),
        ("writer", {"transaction_timeout_ms": 0.5}, "must be an integer from 1"),
        ("writer", {"max_in_flight_requests_per_connection": 6}, "at most 5"),
        ("writer", {"delivery_timeout_ms": 1}, "at least linger_ms . request_timeout_ms"),
        ("writer", {"partitioner": "x"}, "partition"),
        ("writer", {"kafka_client": 5}, "must be a function, given in code"),
        ("writer", {"socket_options": 5}, r"must be a list of \[level, name, value\]"),
        ("writer", {"socket_options": [[1, 2]]}, r"must be a list of \[level, name, value\]"),
        ("writer", {"metric_reporters": "x"}, "must be a list of classes"),
        ("writer", {"proxy_url": "proxy:1080"}, "must be socks5 or socks5h or http, then ://host:port"),
        ("reader", {"socks5_proxy": "socks5://proxy"}, "://host:port"),
        ("reader", {"api_version": 2.5}, "must be auto, or a version from 0.11 on"),
        ("reader", {"api_version": "0.9"}, "must be auto, or a version from 0.11 on"),
        ("reader", {"fetch_max_bytes": 2**31}, "from 0 to 2,147,483,647"),
        ("writer", {"max_in_flight_requests_per_connection": 0}, "from 1 to"),
        ("writer", {"ssl_context": "x"}, "must be an SSLContext"),
        ("writer", {"ssl_cafile": 5}, "must be a string; quote it"),
        ("writer", {"ssl_cafile": "/nowhere"}, "No such file"),
        ("reader", {"topic_pattern": ""}, "must not be empty"),
        ("reader", {"auto_offset_reset": "foo"}, "must be one of earliest, latest, none"),
        ("reader", {"isolation_level": "foo"}, "must be one of read_committed, read_uncommitted"),
        ("reader", {"client_dns_lookup": "foo"}, "must be one of use_all_dns_ips"),
        ("reader", {"partition_assignment_strategy": []}, "must be one or more of range, roundrobin"),
        ("reader", {"partition_assignment_strategy": ["foo"]}, "must be one or more of range, roundrobin"),
        ("reader", {"partition_assignment_strategy": [5]}, "must be one or more of range, roundrobin"),
        ("reader", {"group_id": ""}, "must not be empty"),
        ("reader", {"group_id": 12}, "must be a string; quote it"),
        ("reader", {"group_instance_id": "i"}, "needs a group_id"),
        ("reader", {"group_instance_id": "a b", "group_id": "g"}, "must be up to 249 of"),
        ("reader", {"heartbeat_interval_ms": 60_000}, "must be less than session_timeout_ms"),
        ("reader", {"session_timeout_ms": 1}, "must be less than session_timeout_ms"),
        ("reader", {"fetch_max_wait_ms": 40_000}, "must be less than request_timeout_ms"),
        ("reader", {"max_poll_records": 0}, "from 1 to"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place_and_what_is_allowed(
    role: str, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=says) as refused:
        options(role, given, consistency=AT_MOST_ONCE if "isolation_level" in given else AT_LEAST_ONCE)

    assert refused.value.path == f"type_spec.{next(iter(given))}"
    assert str(refused.value).startswith(f"{refused.value.path}: ")


@pytest.mark.parametrize("given", [None, "", 5, []])
def test_a_transactional_id_is_a_text(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"type_spec\.transactional_id: must"):
        options("writer", {"transactional_id": given}, consistency=EXACTLY_ONCE)


@pytest.mark.parametrize(
    ("given", "expected"), [("auto", None), (None, None), ("2.5.0", (2, 5, 0)), ([3, 0], (3, 0)), ((4, 0), (4, 0))]
)
@pytest.mark.parametrize("role", ["reader", "writer"])
def test_the_version_of_the_broker_may_be_a_text_or_a_list(role: str, given: Any, expected: Any) -> None:
    assert expected == options(role, {"api_version": given}).client.get("api_version")


def test_a_compression_without_its_library_says_what_to_install() -> None:
    if find_spec("snappy") is not None:
        pytest.skip("the library is installed")
    with pytest.raises(InvalidArgumentError, match="not installed: python-snappy"):
        options("writer", {"compression_type": "snappy"})


@pytest.mark.parametrize(("session", "heartbeat"), [(1000, 333), (6000, 2000), (60_000, 3000)])
def test_heartbeats_follow_from_the_session_timeout(session: int, heartbeat: int) -> None:
    assert options("reader", {"session_timeout_ms": session}).client["heartbeat_interval_ms"] == heartbeat


@pytest.mark.parametrize("beside", [True, False])
def test_a_password_that_yaml_took_for_a_number_is_to_be_quoted(beside: bool) -> None:
    given: dict[str, Any] = {**SASL, "sasl_plain_password": 12345678}
    path = "sasl_plain_password" if beside else "type_spec.sasl_plain_password"
    with pytest.raises(InvalidArgumentError, match="must be a string; quote it") as refused:
        options("reader", **given) if beside else options("reader", given)

    assert refused.value.path == path
    assert "12345678" not in str(refused.value)


@pytest.mark.parametrize(
    ("role", "consistency", "given"),
    [
        ("writer", AT_LEAST_ONCE, {"acks": 0}),
        ("writer", AT_LEAST_ONCE, {"acks": 1}),
        ("writer", AT_LEAST_ONCE, {"retries": 0}),
        ("writer", AT_LEAST_ONCE, {"enable_idempotence": False}),
        ("writer", AT_LEAST_ONCE, {"transactional_id": "t"}),
        ("writer", EXACTLY_ONCE, {"acks": 1}),
        ("writer", AT_MOST_ONCE, {"retries": 3}),
        ("writer", AT_MOST_ONCE, {"enable_idempotence": True}),
        ("writer", AT_MOST_ONCE, {"transactional_id": "t"}),
        ("reader", AT_LEAST_ONCE, {"enable_auto_commit": True}),
        ("reader", AT_LEAST_ONCE, {"isolation_level": "read_uncommitted"}),
        ("reader", AT_MOST_ONCE, {"enable_auto_commit": True}),
    ],
)
def test_an_option_that_breaks_the_consistency_is_refused_naming_both(
    role: str, consistency: Any, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        options(role, given, consistency=consistency)

    assert next(iter(given)) in str(refused.value)
    assert "ONCE" in str(refused.value)


def test_an_option_that_strengthens_the_consistency_is_honoured() -> None:
    client = options("writer", {"acks": "all"}, consistency=AT_MOST_ONCE).client

    assert client["acks"] == "all"


def test_what_each_consistency_needs() -> None:
    weak = options("writer", consistency=AT_MOST_ONCE).client
    sure = options("writer").client
    once = options("writer", consistency=EXACTLY_ONCE).client

    assert (0, False) == (weak["acks"], weak["enable_idempotence"])
    assert (-1, True) == (sure["acks"], sure["enable_idempotence"])
    assert once["transaction_timeout_ms"] == 10_000
    assert once["transactional_id"] != options("writer", consistency=EXACTLY_ONCE).client["transactional_id"]
    assert options("reader").client["isolation_level"] == "read_committed"
    assert options("reader", consistency=AT_MOST_ONCE).client["isolation_level"] == "read_uncommitted"


def test_the_buffer_memory_of_older_configurations_is_a_limit_of_ours() -> None:
    parsed = options("writer", {"buffer_memory": 1000})

    assert parsed.buffer_memory == 1000
    assert "buffer_memory" not in parsed.client


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "PLAINTEXT"),
        ({"tls": True}, "SSL"),
        ({"tls": False}, "PLAINTEXT"),
        ({"tls": {"check_hostname": False}}, "SSL"),
        ({"type_spec": SASL}, "SASL_PLAINTEXT"),
        ({"type_spec": SASL, "tls": True}, "SASL_SSL"),
        ({"type_spec": {"security_protocol": "SSL"}}, "SSL"),
    ],
)
def test_the_security_protocol_follows_from_tls_and_sasl(params: dict[str, Any], expected: str) -> None:
    assert expected == parse({**BASE, **params}, "reader").client["security_protocol"]


@pytest.mark.parametrize(
    "params",
    [
        {"tls": True, "type_spec": {"security_protocol": "PLAINTEXT"}},
        {"tls": False, "type_spec": {"security_protocol": "SSL"}},
        {"type_spec": {**SASL, "security_protocol": "SSL"}},
        {"type_spec": {"security_protocol": "TLS"}},
        {"tls": {"ca_cert": "x"}},
        {"tls": {"ca_certs": "/nowhere"}},
        {"tls": {"ca_certs": 0}},
        {"tls": {"check_hostname": None}},
        {"tls": {"keyfile": "x"}},
        {"type_spec": {"sasl_mechanism": "SCRAM"}},
        {"type_spec": {"sasl_mechanism": "PLAIN"}},
        {"type_spec": {"sasl_mechanism": "OAUTHBEARER"}},
        {"type_spec": {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": "os:getcwd"}},
    ],
)
def test_contradictory_or_incomplete_security_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        parse({**BASE, **params}, "reader")


def test_host_names_are_verified_unless_told_otherwise() -> None:
    assert options("reader", tls=True).client["ssl_context"].check_hostname
    assert not options("reader", tls={"check_hostname": False}).client["ssl_context"].check_hostname


def pem(*lines: str) -> str:
    return "".join(f"-----BEGIN {lines[0]}-----\n{line}\n-----END {lines[0]}-----\n" for line in lines[1:])


@pytest.mark.parametrize("place", ["type_spec", "beside"])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ssl_cafile_data", b"junk", "the text has no certificate"),
        ("ssl_certfile_data", "junk", "the text has no certificate"),
        ("ssl_crlfile_data", "junk", "(?i)crl"),
        ("ssl_keyfile_data", pem("PRIVATE KEY", "c2VjcmV0"), "needs certfile"),
        ("ssl_keyfile_data", 5, "bytes or a string"),
    ],
)
def test_files_of_kafka_python_s_options_may_be_given_by_their_content(
    place: str, name: str, content: Any, words: str
) -> None:
    given = {"type_spec": {name: content}} if place == "type_spec" else {name: content}

    with pytest.raises(InvalidArgumentError, match=words) as refused:
        parse({**BASE, **given}, "reader")

    assert (f"type_spec.{name}" if place == "type_spec" else name) == refused.value.path
    assert "c2VjcmV0" not in str(refused.value)


def test_a_token_provider_is_an_object_or_with_leave_of_the_caller_a_name() -> None:
    given = {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": lambda: "token"}
    named = given | {"sasl_oauth_token_provider": "test_options:Tokens"}

    assert options("reader", given).client["sasl_oauth_token_provider"].token() == "token"
    with pytest.raises(InvalidArgumentError, match="allow_code"):
        options("reader", named)


@pytest.mark.parametrize("name", ["secrets:token_hex", "types:SimpleNamespace", "nowhere:Tokens", "os"])
def test_a_token_provider_by_name_is_a_factory_or_gives_tokens_itself(name: str) -> None:
    given = {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": name}
    if name == "secrets:token_hex":
        assert options("reader", given, allow_code=True).client["sasl_oauth_token_provider"].token()
        return

    with pytest.raises(InvalidArgumentError, match=r"type_spec\.sasl_oauth_token_provider: "):
        options("reader", given, allow_code=True)


def test_a_reader_has_topics_or_a_pattern() -> None:
    base: dict[str, Any] = {"no_config": True, "type": "kafka", "brokers": "b"}
    with pytest.raises(InvalidArgumentError, match="topic_pattern"):
        MessageReader(**base)
    with pytest.raises(InvalidArgumentError, match="not both"):
        MessageReader(topics="t", type_spec={"topic_pattern": "t.*"}, **base)
    with pytest.raises(InvalidArgumentError, match="regular expression"):
        MessageReader(type_spec={"topic_pattern": "("}, **base)
    with pytest.raises(InvalidArgumentError, match="exactly one"):
        MessageWriter(**base)


def test_a_group_makes_a_subscription_durable() -> None:
    base: dict[str, Any] = {"no_config": True, "type": "kafka", "brokers": "b", "topics": "t"}

    assert MessageReader(type_spec={"group_id": "g"}, **base).info("durable")
    assert not MessageReader(**base).info("durable")
