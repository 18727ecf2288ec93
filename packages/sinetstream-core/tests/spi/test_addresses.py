"""`brokers` has one grammar."""

from __future__ import annotations

from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.addresses import Address, addresses

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a", [("a", 9)]),
        (" a:1 ", [("a", 1)]),
        ("a:1, b", [("a", 1), ("b", 9)]),
        (["a:1", "b:2"], [("a", 1), ("b", 2)]),
        (("a",), [("a", 9)]),
        ("192.0.2.1:65535", [("192.0.2.1", 65535)]),
        ("[::1]:5", [("::1", 5)]),
        ("[::1]", [("::1", 9)]),
        ("::1", [("::1", 9)]),
        ("fe80::1%eth0,[fe80::2%eth0]:1", [("fe80::1%eth0", 9), ("fe80::2%eth0", 1)]),
        ("broker_1.example.org.", [("broker_1.example.org.", 9)]),
    ],
)
def test_brokers_are_a_list_or_separated_by_commas_and_have_a_default_port(given: Any, expected: Any) -> None:
    assert expected == list(addresses(given, 9))


@pytest.mark.parametrize(
    "given",
    [
        *(None, "", " ", [], {}, 5, True, b"a", ["a", 3], [None], ["a,b"], "a,,b", "a,", ["a"] * 1001),
        *("a:", "a:x", "a:0", "a:65536", "a:-1", "a:+1", "a:1:2", "a:١", ":1", "a b", "a\n:1", "x" * 254),  # noqa: RUF001
        *("kafka://a", "mqtt://a:1", "a/b", "[::1", "[::1]5", "[]:5", "[a]:5", "::1:x", "a@b:1"),
    ],
)
def test_what_is_no_address_is_refused_with_its_path(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^brokers: ") as refused:
        addresses(given, 9)

    assert "brokers" == refused.value.path
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "given",
    [
        f"kafka://alice:{SECRET}@h:9092",
        f"alice:{SECRET}@h",
        f"a, kafka://alice:{SECRET},{SECRET}@h",
        f"kafka://alice:{SECRET}@{SECRET}//@h",
        [f"{SECRET}@h:9092"],
        [f"a:1\n{SECRET}@h:9092"],
        [{"host": "h", "password": SECRET}],
        [SECRET.encode()],
    ],
)
def test_a_password_is_refused_and_not_told(given: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="is not an address") as refused:
        addresses(given, 9, login="say it elsewhere")

    assert SECRET not in str(refused.value)
    assert ("say it elsewhere" in str(refused.value)) == ("@" in str(given))


def test_an_address_prints_as_it_is_written() -> None:
    assert ["h:1", "[::1]:2"] == [f"{address}" for address in (Address("h", 1), Address("::1", 2))]
