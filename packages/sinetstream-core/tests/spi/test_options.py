"""Options are declared once: read with errors that help, masked, and documented."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from sinetstream.errors import InvalidArgumentError
from sinetstream.spi.options import (
    Binary,
    Boolean,
    Checked,
    Choice,
    Code,
    Duration,
    Group,
    Integer,
    Kind,
    ListOf,
    MappingOf,
    Number,
    Option,
    Options,
    Secret,
    Size,
    Text,
)

DELAY = Group(
    Option("least", Duration(positive=True), 1.0, "of the first pause"),
    Option("most", Duration(positive=True), 120.0, "of the longest"),
)
LIMIT = Option("limit", Integer(1, 65_535), 20, "messages at a time", side="writer", older=("limit_set",))
GROUP_ID = Option("group_id", Text(), None, "the group", side="reader", default_words="none")
LOGIN = Option("password", Secret(Text()), None, "of the login", null=True)
RECONNECT = Option("reconnect", DELAY, DELAY.absent, "the pauses")
OPTIONS = Options(LIMIT, GROUP_ID, LOGIN, RECONNECT, instead={"servers": "say brokers"})
SECRET = "s3cret"


def refused(role: Any = "writer", options: Options = OPTIONS, **params: Any) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        options.read(params, role)
    assert str(caught.value).startswith(f"{caught.value.path}: ")
    return caught.value


def test_what_is_not_given_is_the_default() -> None:
    values = OPTIONS.read({}, "writer")

    assert (20, None, None, 1.0) == (values[LIMIT], values[GROUP_ID], values["password"], values[RECONNECT]["least"])
    assert [] == list(values)
    assert LIMIT not in values


def test_what_is_given_counts_under_type_spec_before_beside() -> None:
    values = OPTIONS.read({"limit_set": 1, "password": "beside", "type_spec": {"limit": 2}}, "writer")

    assert (2, "beside") == (values[LIMIT], values[LOGIN])
    assert ("type_spec.limit", "password") == (values.at(LIMIT), values.at("password"))
    assert "type_spec.group_id" == values.at(GROUP_ID)
    assert LIMIT in values
    assert "limit" in values


def test_common_parameters_and_what_the_core_adds_are_left_alone() -> None:
    params = {
        "brokers": "b",
        "tls": True,
        "client_id_generated": True,
        "config_version": 3,
        "topic": "t",
        "type_spec": None,
    }

    assert [] == list(OPTIONS.read(params, "writer"))


def test_options_of_the_other_side_are_checked_and_left_aside() -> None:
    service = {"type_spec": {"limit": 5, "group_id": "g", "password": "p"}}

    writer, reader = OPTIONS.read(service, "writer"), OPTIONS.read(service, "reader")

    assert (5, None, "p") == (writer[LIMIT], writer[GROUP_ID], writer[LOGIN])
    assert (20, "g", "p") == (reader[LIMIT], reader[GROUP_ID], reader[LOGIN])
    assert "type_spec.limit" == refused("reader", type_spec={"limit": 0}).path


@pytest.mark.parametrize(
    ("params", "path", "words"),
    [
        ({"type_spec": 5}, "type_spec", "must be a mapping, not a number"),
        ({"type_spec": {"limt": 5}}, "type_spec.limt", "did you mean 'limit', an option of writers?"),
        ({"type_spec": {"pasword": 5}}, "type_spec.pasword", "did you mean 'password'?"),
        ({"type_spec": {"zone": 5}}, "type_spec.zone", "known are group_id, limit, password, reconnect"),
        ({"type_spec": {7: 5}}, "type_spec.7", "known are"),
        ({"type_spec": {"limit_set": 5}}, "type_spec.limit_set", "did you mean 'limit'?"),
        ({"limit": 5}, "limit", "did you mean 'limit_set'?"),
        ({"zone": 5}, "zone", "unknown parameter"),
        ({"servers": 5}, "servers", "say brokers"),
        ({"type_spec": {"servers": 5}}, "type_spec.servers", "say brokers"),
        ({"type_spec": {"limit": "5"}}, "type_spec.limit", "must be an integer from 1 to 65,535, not '5'"),
        ({"type_spec": {"limit": None}}, "type_spec.limit", "not null"),
        ({"limit_set": 0}, "limit_set", "not 0"),
        ({"type_spec": {"reconnect": 5}}, "type_spec.reconnect", "must be a mapping of least, most, not a number"),
        ({"type_spec": {"reconnect": {"last": 5}}}, "type_spec.reconnect.last", "did you mean 'least'?"),
        ({"type_spec": {"reconnect": {"most": 0}}}, "type_spec.reconnect.most", "a positive number of seconds, not 0"),
    ],
)
def test_a_wrong_option_is_refused_with_its_place_and_what_is_allowed(params: Any, path: str, words: str) -> None:
    error = refused(**params)

    assert path == error.path
    assert words in str(error)


def test_what_is_beside_and_unknown_can_be_left_alone() -> None:
    lenient = Options(LIMIT, ignores_unknown_beside=True)

    assert 3 == lenient.read({"zone": 1, "type_spec": {"limit": 3}}, "writer")[LIMIT]
    assert "type_spec.zone" == refused(options=lenient, type_spec={"zone": 1}).path


def test_null_counts_as_not_given_only_where_the_option_says_so() -> None:
    assert LOGIN not in OPTIONS.read({"type_spec": {"password": None}}, "writer")


def test_a_secret_is_in_no_error_and_no_repr() -> None:
    values = OPTIONS.read({"type_spec": {"password": SECRET, "limit": 3}}, "writer")
    numbers = Options(Option("pin", Secret(Integer(0, 9)), 0), Option("auth", Group(LOGIN), None))

    assert SECRET == values[LOGIN]
    assert "Values(password=***, limit=3)" == repr(values)
    error = refused(options=numbers, type_spec={"pin": 12_345})
    assert "12345" not in str(error)
    long = Checked("short", lambda text: None if len(text) < 5 else "is longer than 5", Text())
    assert "type_spec.pin: is longer than 5" == str(
        refused(options=Options(Option("pin", Secret(long), "")), type_spec={"pin": SECRET})
    )
    listed = refused(options=Options(Option("pins", Secret(ListOf(Integer())), [])), type_spec={"pins": [SECRET]})
    assert SECRET not in str(listed)
    assert "from 0 to 9" in str(error)
    assert SECRET not in repr(numbers.read({"type_spec": {"auth": {"password": SECRET}}}, "writer"))


def test_the_plugin_s_own_errors_have_the_place_as_given() -> None:
    error = OPTIONS.read({"limit_set": 3}, "writer").error(LIMIT, "does not go with that")

    assert "limit_set: does not go with that" == str(error)
    assert "limit_set" == error.path


def test_an_option_in_a_group_knows_its_place() -> None:
    values = OPTIONS.read({"type_spec": {"reconnect": {"least": 5}}}, "writer")[RECONNECT]

    assert "type_spec.reconnect.most" == values.at("most")
    assert (5, 120.0) == (values["least"], values["most"])


ALLOWED: list[tuple[Kind[Any], Any, Any]] = [
    (Integer(), -5, -5),
    (Integer(0), 0, 0),
    (Number(0, 1), 0.5, 0.5),
    (Number(0), inf, inf),
    (Boolean(), False, False),
    (Duration(), 0, 0),
    (Duration("milliseconds", endless=True), ".inf", inf),
    (Duration("milliseconds", endless=True), inf, inf),
    (Size(), 5, 5),
    (Size(), "5", 5),
    (Size(), "64 MiB", 64 << 20),
    (Size(), "64KiB", 64 << 10),
    (Size(), "2 GB", 2_000_000_000),
    (Size(), "3kB", 3000),
    (Text(), "é", "é"),
    (Text(), b"bytes", "bytes"),
    (Text(empty=True), "", ""),
    (Text(pattern="[a-z]+"), "abc", "abc"),
    (Binary(3), "é", "é".encode()),
    (Binary(), b"\xff", b"\xff"),
    (Choice(("all", 0, 1), {-1: "all"}), 0, 0),
    (Choice(("all", 0, 1), {-1: "all"}), -1, "all"),
    (Choice({"one": 1}), "one", 1),
    (Code(), len, len),
    (ListOf(Integer()), [1, 2], [1, 2]),
    (ListOf(Integer(), single=True), 1, [1]),
    (MappingOf(Text()), {"a": "b"}, {"a": "b"}),
    (Checked("even", lambda n: None if n % 2 == 0 else "must be even", Integer()), 4, 4),
]


@pytest.mark.parametrize(("kind", "given", "expected"), ALLOWED)
def test_a_kind_reads_what_it_allows(kind: Kind[Any], given: Any, expected: Any) -> None:
    assert expected == kind.read(given, "here")


def each(kind: Kind[Any], words: str, *values: Any) -> list[tuple[Kind[Any], Any, str]]:
    return [(kind, value, words) for value in values]


REFUSED: list[tuple[Kind[Any], Any, str]] = [
    *each(Integer(0, 9), "an integer from 0 to 9", 10, -1, True, 1.0, "1", None, []),
    (Integer(unit="bytes"), "x", r"an integer \(bytes\)"),
    (Integer(high=9), 10, "of at most 9"),
    *each(Number(0), "a number of at least 0", -1, True, nan, "1", None),
    *each(Boolean(), "true or false", 0, 1, "true", None),
    *each(Duration(), "a number of at least 0 of seconds", -1, inf, nan, 10**9, "1", True, ".inf"),
    (Duration(positive=True), 0, "positive"),
    *each(Size(1, 2000), "number of bytes from 1 to 2,000", 0, 2001, "3 kB", "x", "-5", "\u0661", True, 1.5),
    *each(Text(), "quote it", 1, 1.5),
    *each(Text(), "must be a string, not", True, [], None),
    (Text(), "", "must not be empty"),
    (Text(), b"\xff", "UTF-8"),
    (Text(pattern="[a-z]+", words="small letters"), "ABC", "must be small letters, not 'ABC'"),
    (Binary(1), "é", "at most 1 bytes"),
    (Binary(), 5, "bytes or a string"),
    *each(Choice(("all", 0, 1)), "one of all, 0, 1", "0", True, 2, None, [], {}),
    (Choice(("earliest", "latest")), "erliest", "did you mean 'earliest'"),
    (Code(), "os:getcwd", "a function, given in code, not a string"),
    (ListOf(Integer()), 1, "must be a list"),
    (ListOf(Integer()), ["a"], r"here\[0\]: must be an integer"),
    (MappingOf(Text()), {"a": 1}, r"here\.a: must be a string; quote it"),
    (MappingOf(Text()), {1: "a"}, "1 is a number"),
    (MappingOf(Text()), [], "a mapping of strings"),
    (Checked("even", lambda n: None if n % 2 == 0 else "must be even", Integer()), 3, "here: must be even"),
]


@pytest.mark.parametrize(("kind", "given", "words"), REFUSED)
def test_a_kind_refuses_the_rest_with_the_path_and_what_is_allowed(kind: Kind[Any], given: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words) as caught:
        kind.read(given, "here")

    assert caught.value.path is not None
    assert caught.value.path.startswith("here")


def test_a_plugin_may_have_kinds_of_its_own() -> None:
    class Even(Kind[int]):
        words = "an even number"

        def read(self, value: object, path: str) -> int:
            if not isinstance(value, int) or value % 2:
                raise self.refuse(value, path)
            return value

    even = Options(Option("even", Even(), 0, "or odd"))

    assert 4 == even.read({"type_spec": {"even": 4}}, "writer")["even"]
    assert "must be an even number, not 3" in str(refused(options=even, type_spec={"even": 3}))
    assert "| `even` | an even number | 0 | or odd |" in even.table()


def test_the_table_of_the_documentation_follows() -> None:
    assert (
        OPTIONS.table()
        == """\
| parameter | value | default | |
|---|---|---|---|
| `limit` [`limit_set`] | an integer from 1 to 65,535 | 20 | writers: messages at a time |
| `group_id` | a string | none | readers: the group |
| `password` | a string | | of the login |
| `reconnect` | a mapping | | the pauses |
| `reconnect.least` | a positive number of seconds | 1 | of the first pause |
| `reconnect.most` | a positive number of seconds | 120 | of the longest |
"""
    )


def test_the_json_schema_follows() -> None:
    schema = OPTIONS.schema()

    assert ("object", False) == (schema["type"], schema["additionalProperties"])
    assert {
        "type": "integer",
        "minimum": 1,
        "maximum": 65_535,
        "description": "writers: messages at a time",
    } == schema["properties"]["limit"]
    assert schema["properties"]["password"]["writeOnly"]
    assert {"least", "most"} == set(schema["properties"]["reconnect"]["properties"])
    kinds = (Duration(endless=True), Size(), Choice(("a", 1)), ListOf(Text(), single=True), MappingOf(Binary()), Code())
    assert [
        {"anyOf": [{"type": "number", "minimum": 0}, {"enum": ["inf", ".inf"]}]},
        ["anyOf"],
        {"enum": ["a", 1]},
        {"anyOf": [{"type": "array", "items": {"type": "string", "minLength": 1}}, {"type": "string", "minLength": 1}]},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {},
    ] == [list(kind.schema()) if isinstance(kind, Size) else kind.schema() for kind in kinds]
