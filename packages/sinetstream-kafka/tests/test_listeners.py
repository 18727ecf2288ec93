"""Every kind of listener, and what is said where it is not for us."""

import time
import traceback
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from kafka.net.sasl.oauth import AbstractTokenProvider
from sinetstream import AuthorizationError, ConnectionError, MessageReader, MessageWriter
from sinetstream.testing.logs import logged

Service = dict[str, Any]


def sasl(user: str, mechanism: str = "PLAIN", password: str | None = None) -> dict[str, str]:
    return {
        "sasl_mechanism": mechanism,
        "sasl_plain_username": user,
        "sasl_plain_password": password or f"{user}-test-only",
    }


def on(broker: Any, listener: str, tls: Any = None, **type_spec: Any) -> Service:
    trust = {"ca_certs": str(broker.secret("ca.crt"))} | (tls or {})
    return {
        "no_config": True,
        "type": "kafka",
        "brokers": broker.address(listener),
        "consistency": "AT_LEAST_ONCE",
        "tls": trust,
        "type_spec": type_spec,
    }


def round_trip(service: Service, topic: str) -> None:
    with MessageReader(topics=topic, receive_timeout_ms=5000, **service) as reader:
        with MessageWriter(topic=topic, **service) as writer:
            writer.publish(b"x")
        assert next(reader).value == b"x"


def test_tls(kafka_broker: Any, topic: str) -> None:
    round_trip(on(kafka_broker, "tls"), topic)


def test_certificates_passed_by_their_content(kafka_broker: Any, topic: str) -> None:
    service = on(kafka_broker, "mtls")
    service["tls"] = {
        "ca_certs_data": kafka_broker.secret("ca.crt").read_text(),
        "certfile_data": kafka_broker.secret("client.crt").read_text(),
        "keyfile_data": kafka_broker.secret("client.key").read_text(),
    }
    round_trip(service, topic)


def test_an_encrypted_key(kafka_broker: Any, topic: str) -> None:
    from tools.brokers import KEY_PASSWORD

    tls = {
        "certfile": str(kafka_broker.secret("client.crt")),
        "keyfile": str(kafka_broker.secret("client-encrypted.key")),
        "keyfile_password": KEY_PASSWORD,
    }
    round_trip(on(kafka_broker, "mtls", tls), topic)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_passwords(kafka_broker: Any, topic: str, mechanism: str) -> None:
    round_trip(on(kafka_broker, "sasl", **sasl("alice", mechanism)), topic)


def test_tokens(kafka_broker: Any, topic: str) -> None:
    from tools.brokers.users import unsecured_token

    def token() -> str:
        return unsecured_token("alice")

    round_trip(on(kafka_broker, "oauth", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=token), topic)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])
def test_no_password_or_token_is_logged(kafka_broker: Any, topic: str, mechanism: str) -> None:
    """By nobody, kafka-python included, with all loggers at DEBUG."""
    from tools.brokers.users import unsecured_token

    token = unsecured_token("alice")
    if mechanism == "OAUTHBEARER":
        login: dict[str, Any] = {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": lambda: token}
    else:
        login = sasl("alice", mechanism)
    service = on(kafka_broker, "oauth" if mechanism == "OAUTHBEARER" else "sasl", **login)
    with logged() as log:
        round_trip(service, topic)

    assert log.line_with("(***)", "kafka.net.connection") is not None
    for secret in (token, "alice-test-only"):
        assert log.line_with(secret) is None


WRONG = "wr0ng-s3cret"


def wrong_password(broker: Any) -> Service:
    return on(broker, "sasl", **sasl("alice", password=WRONG))


def wrong_scram_password(broker: Any) -> Service:
    return on(broker, "sasl", **sasl("alice", "SCRAM-SHA-256", WRONG))


def wrong_token(broker: Any) -> Service:
    return on(broker, "oauth", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=lambda: WRONG)


def wrong_mechanism(broker: Any) -> Service:
    return on(broker, "oauth", **sasl("alice"))


def no_certificate(broker: Any) -> Service:
    return on(broker, "mtls")


def strange_authority(broker: Any) -> Service:
    return on(broker, "tls", {"ca_certs": str(broker.secret("other-ca.crt"))})


def other_host(broker: Any) -> Service:
    return on(broker, "wrong_host")


def tls_to_plain(broker: Any) -> Service:
    return on(broker, "plain")


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (wrong_password, "authentication: "),
        (wrong_scram_password, "authentication: "),
        (wrong_mechanism, "authentication: the broker offers OAUTHBEARER"),
        (no_certificate, "TLS: "),
        (strange_authority, "TLS: certificate not accepted: "),
        (other_host, "TLS: certificate not accepted: .*mismatch"),
        (tls_to_plain, "TLS"),
    ],
)
@pytest.mark.parametrize("api", [MessageReader, MessageWriter])
def test_who_does_not_get_in_is_told_why_and_soon(
    kafka_broker: Any, topic: str, api: Any, service: Callable[[Any], Service], reason: str
) -> None:
    began = time.monotonic()
    with pytest.raises(ConnectionError, match=reason):
        api(None, topic, **service(kafka_broker)).open()

    assert time.monotonic() - began < 10.5


class Tokens(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no type information
    def __init__(self, error: Exception) -> None:
        self.error = error

    def token(self) -> str:
        raise self.error


@pytest.mark.parametrize("error", [OSError(WRONG), TimeoutError(WRONG), ValueError(WRONG)])
@pytest.mark.parametrize("as_function", [True, False])
def test_a_token_provider_that_fails_is_named_at_once_and_what_it_said_is_not_told(
    kafka_broker: Any, topic: str, error: Exception, as_function: bool
) -> None:
    provider = Tokens(error)
    given = provider.token if as_function else provider
    service = on(kafka_broker, "oauth", sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=given)
    began = time.monotonic()
    with logged() as log, pytest.raises(ConnectionError) as failed:
        MessageWriter(topic=topic, **service).open()

    assert str(failed.value).endswith(f": authentication: the token provider failed: {type(error).__name__}")
    assert failed.value.__cause__ is error
    assert time.monotonic() - began < 5
    assert log.line_with(WRONG) is None


@pytest.mark.parametrize("service", [wrong_password, wrong_scram_password, wrong_token])
@pytest.mark.parametrize("api", [MessageReader, MessageWriter])
def test_who_does_not_get_in_is_not_told_about_with_the_password(
    kafka_broker: Any, topic: str, api: Any, service: Callable[[Any], Service]
) -> None:
    with logged() as log, pytest.raises(ConnectionError, match="authentication: ") as failed:
        api(None, topic, **service(kafka_broker)).open()

    assert WRONG not in "".join(traceback.format_exception(failed.value))
    assert log.line_with(WRONG) is None


def test_the_host_name_is_not_verified_where_one_says_so(kafka_broker: Any, topic: str) -> None:
    round_trip(on(kafka_broker, "wrong_host", {"check_hostname": False}), topic)


def test_who_may_not_write_is_told(kafka_broker: Any, topic: str) -> None:
    service = on(kafka_broker, "sasl", **sasl("may-not-write"))
    with pytest.raises(AuthorizationError), MessageWriter(topic=topic, **service) as writer:
        writer.publish(b"x")


def test_who_may_not_read_is_told(kafka_broker: Any, topic: str) -> None:
    service = on(kafka_broker, "sasl", **sasl("may-not-read"))
    with pytest.raises(AuthorizationError), MessageReader(topics=topic, receive_timeout_ms=5000, **service) as reader:
        next(reader)


def test_who_may_not_join_is_told(kafka_broker: Any, topic: str) -> None:
    service = on(kafka_broker, "sasl", **sasl("may-not-join"), group_id=f"g-{uuid4().hex}")
    with pytest.raises(AuthorizationError):
        MessageReader(topics=topic, receive_timeout_ms=5000, **service).open()


def test_who_may_not_use_transactions_is_told(kafka_broker: Any, topic: str) -> None:
    service = on(kafka_broker, "sasl", **sasl("may-not-transact")) | {"consistency": "EXACTLY_ONCE"}
    with pytest.raises(AuthorizationError):
        MessageWriter(topic=topic, **service).open()
