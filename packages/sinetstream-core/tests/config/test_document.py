"""YAML is read safely, and every failure names its line."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sinetstream.config.document import parse
from sinetstream.config.file import read
from sinetstream.config.secrets import Encrypted
from sinetstream.errors import InvalidConfigError
from sinetstream.masked import MaskedBytes


def refused(text: str | bytes) -> str:
    with pytest.raises(InvalidConfigError) as caught:
        parse(text.encode() if isinstance(text, str) else text, "f.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: 1\nb: [\n", "f.yml:3:1: "),
        ("a: 1\nb: @x\n", "f.yml:2:4: "),
        ("a: 1\n b: 2\n", "f.yml:2:3: "),
        ("a: 1\nb: \x01\n", "f.yml:2:4: "),
        ("a: 1\n---\nb: 2\n", "f.yml:2:1: "),
        ("a: 1\nb: 2001-99-99\n", "f.yml:2:4: is not a valid timestamp"),
        ("a: 1\nb: !!int x\n", "f.yml:2:4: is not a valid int"),
        ("a: 1\nb: !!binary é\n", "f.yml:2:4: "),
        ("a: 1\nb: " + "9" * 5000, "f.yml:2:4: is not a valid int"),
        ("a: 1\nb: 2\na: 3\n", "f.yml:3:1: the key 'a' appears twice"),
        ("s: {a: 1, 'a': 2}", "f.yml:1:11: the key 'a' appears twice"),
        ("? [a]\n: 1", "f.yml:1:3: a key must be"),
        ("a: !sinetstream/encrypted [x]", "f.yml:1:4: "),
        ("a: !!python/object/apply:os.getcwd []", "f.yml:1:4: an unknown tag"),
        ("a: &x [*x]", "f.yml:1:4: contains itself"),
        ("<<: 7", "f.yml:1:"),
        ("a: &x 1\nb: &x 2\n", "f.yml:2:4: an anchor is defined twice"),
        ("a:\n\tb: 1\n", "f.yml:2:1: a tab, where YAML takes spaces"),
        ("a: 1\nb: {1: x, 01: y}\n", "f.yml:2:11: the key '01' appears twice, before as '1'"),
        ("{1:, 0x1:}", "f.yml:1:6: the key '0x1' appears twice, before as '1'"),
        ("{yes:, true:}", "f.yml:1:8: the key 'true' appears twice, before as 'yes'"),
        ("{2001-99-99: x}", "f.yml:1:2: is not a valid timestamp"),
        ('a: 1\nb: "\\U00110000"', "f.yml:2:7: an escape sequence that stands for no character"),
        ('a: 1\nb: "\\UFFFFFFFF"', "f.yml:2:7: an escape sequence that stands for no character"),
        ("a: " + "1:" * 450_000 + "1", "f.yml:1:4: is not a valid int"),
        ("a: " + "1:" * 450_000 + "1.5", "f.yml:1:4: is not a valid float"),
        ("&a &b", "f.yml:1:4: expected '<document start>', but found '<anchor>'"),
    ],
)
def test_a_mistake_is_named_with_line_and_column(text: str, start: str) -> None:
    assert refused(text).startswith(start)


def test_bytes_that_are_not_utf8_are_named_with_line_and_column() -> None:
    assert refused(b"a: 1\nb: \xff\n") == "f.yml:2:4: is not UTF-8"


@pytest.mark.parametrize(
    "text", ["password: *hunter2", "password: !hunter2", "password: !a!hunter2 x", "a: 0b_ #hunter2"]
)
def test_an_error_does_not_show_the_value(text: str) -> None:
    assert "hunter2" not in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        b"password: hunter2\nb: \xff",
        b"password: hunter2\nb: \x01",
        b"password: hunter2\nb: [",
        b"password: hunter2\nb: !!int x",
        b"password: !!int hunter2",
        b'password: hunter2\nb: "\\UFFFFFFFF"',
        b"password: hunter2\npassword: 5",
    ],
)
def test_no_exception_and_no_local_variable_that_comes_with_an_error_shows_the_value(text: bytes) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        parse(MaskedBytes(text), "f.yml")

    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "hunter2" not in "".join(f"{frame.locals}" for frame in shown.stack[1:])


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert "aliases written out" in refused("\n".join(lines))


def test_merges_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]

    assert "aliases written out" in refused("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 3000, "{a: " * 3000, "- " * 3000, "? " * 3000])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "levels deep" in refused(text)


def test_depth_by_aliases_is_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000)]

    assert "levels deep" in refused("\n".join(lines))


def test_anchors_and_merge_keys_work() -> None:
    document = parse(b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n", "f.yml")

    assert document == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}


def test_binary_is_bytes_and_an_encrypted_value_waits() -> None:
    document = parse(b"a: !!binary AAEC\nb: !sinetstream/encrypted |\n  AAEC\n  AAEC\n", "f.yml")

    assert document["a"] == b"\x00\x01\x02"
    assert isinstance(document["b"], Encrypted)
    assert "AAEC" not in repr(document)


def test_yaml_itself_is_left_as_it_was() -> None:
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("a: !sinetstream/encrypted AAEC")


def test_a_file_beyond_a_megabyte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.yml"
    file.write_bytes(b"a: 1\n" * 300_000)

    with pytest.raises(InvalidConfigError, match="larger"):
        read(file)


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from([*"{}[]:,&*!|>'\"%@#?-~<0=\n \t", "a", ": ", "\n- ", "<<: ", "!!int "])).map("".join)
)
def test_any_text_is_a_document_or_an_error_of_ours(text: str) -> None:
    with suppress(InvalidConfigError):
        parse(text.encode("utf-8", "surrogatepass"), "f.yml")


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes_are_a_document_or_an_error_of_ours(data: bytes) -> None:
    with suppress(InvalidConfigError):
        parse(data, "f.yml")
