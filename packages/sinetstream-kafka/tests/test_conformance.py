"""The Kafka plugin keeps the contract, on every kind of listener. Topics have one partition: order is a partition's.

The whole kit runs on a line that can be cut; what runs on a `further_listener` is said in the root's conftest.py.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from kafka_harness import harness_on
from sinetstream.testing import Conformance, Harness
from sinetstream.testing.checks.delivery import Delivery
from sinetstream.testing.checks.position import Position


@pytest.fixture(scope="module")
def line(kafka_broker: Any) -> Iterator[Any]:
    with kafka_broker.proxy() as proxy:
        yield proxy


class WithoutKills:
    """What a kill loses does not depend on how the reader logs in, and the kills take half of the kit's time."""

    test_at_least_once_survives_kill_9: Any = None
    test_exactly_once_survives_kill_9: Any = None
    test_at_most_once_never_repeats_after_kill_9: Any = None


@pytest.mark.further_listener
class TestPlain(WithoutKills, Conformance):
    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        return harness_on(kafka_broker, "plain")


class TestLine(Conformance):
    """One that can be cut."""

    @pytest.fixture
    def harness(self, kafka_broker: Any, line: Any) -> Harness:
        plain = harness_on(kafka_broker, "proxied", type_spec={"reconnect_backoff_max_ms": 500})
        return replace(plain, interrupt=line.refuse, silence=line.silence, restore=line.resume)


class TestRecordTime(Delivery, Position):
    """Records that have the time of their message. Topics keep them however old they are."""

    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        def fresh_topic() -> str:
            return str(kafka_broker.create_topic(f"kit-{uuid4().hex}", 1, retention_ms="-1"))

        of_message = harness_on(kafka_broker, "plain", type_spec={"record_time": "message"})
        return replace(of_message, fresh_topic=fresh_topic)


@pytest.mark.further_listener
class TestTls(Conformance):
    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        return harness_on(kafka_broker, "tls", tls={"ca_certs": str(kafka_broker.secret("ca.crt"))})


@pytest.mark.further_listener
class TestClientCertificate(Conformance):
    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        tls = {"ca_certs": "ca.crt", "certfile": "client.crt", "keyfile": "client.key"}
        return harness_on(
            kafka_broker, "mtls", tls={name: str(kafka_broker.secret(file)) for name, file in tls.items()}
        )


@pytest.mark.further_listener
class TestPassword(Conformance):
    mechanism = "PLAIN"  # the password goes over the line

    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        login = {"sasl_mechanism": self.mechanism, "sasl_plain_username": "alice"}
        login["sasl_plain_password"] = "alice-test-only"
        return harness_on(kafka_broker, "sasl", tls={"ca_certs": str(kafka_broker.secret("ca.crt"))}, type_spec=login)


class TestScram256(WithoutKills, TestPassword):
    mechanism = "SCRAM-SHA-256"


class TestScram512(WithoutKills, TestPassword):
    mechanism = "SCRAM-SHA-512"


def token() -> str:
    from tools.brokers.users import unsecured_token

    return unsecured_token("alice")


@pytest.mark.further_listener
class TestToken(WithoutKills, Conformance):
    @pytest.fixture
    def harness(self, kafka_broker: Any) -> Harness:
        login = {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": token}
        return harness_on(kafka_broker, "oauth", tls={"ca_certs": str(kafka_broker.secret("ca.crt"))}, type_spec=login)
